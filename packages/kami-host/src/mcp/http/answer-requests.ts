import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isJsonContentType, type McpHttpHandler } from '@modelcontextprotocol/server';
import { isJsonObject } from '../../model/json.ts';
import { defaultLimits } from '../../model/limits.ts';
import type { Logger } from '../../model/logger.ts';
import type { Authenticate, Caller } from './authenticate.ts';
import { Cancellations } from './cancellations.ts';
import { allowOrigin, answerPreflight } from './cors.ts';
import { checkHealth, type HealthDeps } from './health.ts';
import type { HttpSettings } from './http-settings.ts';
import { inTurn } from './in-turn.ts';
import type { KeptSessions } from './kept-sessions.ts';
import type { OpenExchange, OpenExchanges } from './open-exchanges.ts';
import { createBodyReader } from './read-body.ts';
import { type Refusal, refuse, sendJson } from './refuse.ts';
import type { ResourceMetadata } from './resource-metadata.ts';
import { checkSite } from './site-check.ts';
import { sendWebResponse, toWebRequest } from './web-exchange.ts';

export interface AnswerDeps {
  readonly settings: Pick<HttpSettings, 'allowedHosts' | 'allowedOrigins'>;
  readonly handler: Pick<McpHttpHandler, 'fetch'>;
  readonly sessions: KeptSessions;
  readonly authenticate: Authenticate;
  /** With an issuer. */
  readonly metadata: ResourceMetadata | undefined;
  readonly health: HealthDeps;
  readonly exchanges: OpenExchanges;
  readonly logger: Logger;
}

interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly exchange: OpenExchange;
}

/** Twice what a tool takes as input: escaped, an argument may be longer on the wire. */
const maxMessageBytes = 2 * defaultLimits.maxInputBytes;

/** Answers requests: where from, which path, who, and only then what. */
export function createAnswerer(deps: AnswerDeps): RequestListener {
  const { settings, handler, sessions, authenticate, metadata, health, exchanges, logger } = deps;
  const readBody = createBodyReader({ maxBytes: maxMessageBytes, maxHeldBytes: 8 * maxMessageBytes });
  const cancellations = new Cancellations();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const site = checkSite(request, settings);
    if ('status' in site) return deny(response, site);
    allowOrigin(response, site.origin);
    if (health.isDraining()) response.setHeader('Connection', 'close');

    const probe = checkHealth(site.path, health);
    if (probe !== undefined) return answerGet(request, response, probe.status, probe.body);
    if (metadata?.isAt(site.path) === true) return answerGet(request, response, 200, metadata.document);
    if (site.path !== '/mcp')
      return refuse(response, { status: 404, message: 'There is nothing at this path.' });
    if (request.method === 'OPTIONS') return answerPreflight(request, response);
    await answerMcp(request, response);
  }

  async function answerMcp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, headers, socket } = request;
    const caller = await authenticate(headers.authorization, socket.remoteAddress ?? 'unknown');
    if ('status' in caller) return deny(response, caller);
    if (method !== 'POST') return answerSession(request, response, caller);
    if (!isJsonContentType(headers['content-type']) || headers['content-encoding'] !== undefined) {
      return refuse(response, {
        status: 415,
        message: 'The message must be application/json, not compressed.',
      });
    }
    const exchange = exchanges.begin();
    response.once('close', exchange.abort);
    try {
      const body = await readBody(request);
      if ('status' in body) return deny(response, body);
      try {
        await answerMessage(body.value, caller, { request, response, exchange });
      } finally {
        body.release();
      }
    } finally {
      exchange.end();
    }
  }

  /** Only sessions have anything for other methods: a stream of what is told unasked, and an end. */
  async function answerSession(
    request: IncomingMessage,
    response: ServerResponse,
    { client }: Caller,
  ): Promise<void> {
    const isKept = sessions.has(client, sessionOf(request));
    if (!isKept || (request.method !== 'GET' && request.method !== 'DELETE')) {
      return refuse(response, notAllowed('POST'));
    }
    const exchange = exchanges.begin();
    exchange.lasts();
    response.once('close', exchange.abort);
    try {
      const webRequest = toWebRequest(request, exchange.signal);
      const authInfo = { token: '', clientId: client, scopes: [] };
      const answered = await sessions.answer({ request: webRequest, message: undefined, authInfo });
      if (answered === undefined) return refuse(response, notAllowed('POST'));
      await sendWebResponse(response, answered, exchange.signal);
    } finally {
      exchange.end();
    }
  }

  async function answerMessage(
    message: unknown,
    { client }: Caller,
    { request, response, exchange }: HttpExchange,
  ): Promise<void> {
    const session = sessionOf(request);
    if (isJsonObject(message) && message.method === 'subscriptions/listen') exchange.lasts();
    cancellations.follow(client, session, message);
    const forget = cancellations.note(client, session, message, exchange.abort);
    try {
      // The token stays here: what is behind needs to know who calls, and not by what that was shown.
      const authInfo = { token: '', clientId: client, scopes: [] };
      const webRequest = toWebRequest(request, exchange.signal);
      const answered =
        (await sessions.answer({ request: webRequest, message, authInfo })) ??
        (await handler.fetch(webRequest, { authInfo, parsedBody: message }));
      await sendWebResponse(response, answered, exchange.signal);
    } finally {
      forget();
    }
  }

  function deny(response: ServerResponse, refusal: Refusal): void {
    logger.info('a request was refused', { status: refusal.status, why: refusal.message });
    refuse(response, refusal);
  }

  return inTurn(async (request, response) => {
    logWhenDone(request, response, logger);
    try {
      await answer(request, response);
    } catch (error) {
      if (request.socket.destroyed) return;
      logger.error('a request could not be answered', { err: error });
      if (response.headersSent) response.destroy();
      else
        refuse(response, { status: 500, code: -32_603, message: 'KAMI failed to answer; its log says why.' });
    }
  });
}

/** The access log: what was asked and answered, without query, token and arguments. */
function logWhenDone(
  { method, url = '', socket: { remoteAddress: from } }: IncomingMessage,
  response: ServerResponse,
  logger: Logger,
): void {
  const start = performance.now();
  const path = url.replace(/\?.*$/s, '').slice(0, 200);
  response.once('close', () => {
    const { statusCode: status, writableFinished: complete } = response;
    const durationMs = Math.round(performance.now() - start);
    logger.debug('request', { method, path, status, durationMs, from, complete });
  });
}

function answerGet(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  document: unknown,
): void {
  const isAsked = request.method === 'GET' || request.method === 'HEAD';
  if (isAsked) sendJson(response, status, document);
  else refuse(response, notAllowed('GET, HEAD'));
}

function notAllowed(allowed: string): Refusal {
  return { status: 405, message: `The method must be ${allowed}.`, headers: { Allow: allowed } };
}

function sessionOf({ headers }: IncomingMessage): string | undefined {
  const session = headers['mcp-session-id'];
  return Array.isArray(session) ? session[0] : session;
}
