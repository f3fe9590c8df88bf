import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isJsonContentType, type McpHttpHandler } from '@modelcontextprotocol/server';
import { isJsonObject } from '../../model/json.ts';
import { defaultLimits } from '../../model/limits.ts';
import type { Logger } from '../../model/logger.ts';
import type { Authenticate, Caller } from './authenticate.ts';
import { Cancellations } from './cancellations.ts';
import { allowOrigin, answerPreflight } from './cors.ts';
import { checkHealth, type HealthDeps } from './health.ts';
import type { HttpSettings } from './http-settings.ts';
import type { OpenExchange, OpenExchanges } from './open-exchanges.ts';
import { createBodyReader } from './read-body.ts';
import { type Refusal, refuse, sendJson } from './refuse.ts';
import type { ResourceMetadata } from './resource-metadata.ts';
import { checkSite } from './site-check.ts';
import { sendWebResponse, toWebRequest } from './web-exchange.ts';

export interface AnswerDeps {
  readonly settings: Pick<HttpSettings, 'allowedHosts' | 'allowedOrigins'>;
  readonly handler: Pick<McpHttpHandler, 'fetch'>;
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
/** Requests that a client may send on one connection before it has read the answers. */
const maxPipelined = 16;

/** Answers requests: where from, which path, who, and only then what. */
export function createAnswerer(deps: AnswerDeps): RequestListener {
  const { settings, handler, authenticate, metadata, health, exchanges, logger } = deps;
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
    if (method !== 'POST') return refuse(response, notAllowed('POST'));
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
      const answered = await handler.fetch(webRequest, { authInfo, parsedBody: message });
      const opened = cancellations.sessionFor(message);
      if (opened !== undefined && answered.ok) response.setHeader('Mcp-Session-Id', opened);
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
    const start = performance.now();
    response.once('close', () => {
      const { method, socket } = request;
      const durationMs = Math.round(performance.now() - start);
      const [path] = (request.url ?? '').split('?', 1);
      logger.debug('request', {
        ...{ method, path: path?.slice(0, 200), status: response.statusCode },
        ...{ durationMs, from: socket.remoteAddress, complete: response.writableFinished },
      });
    });
    try {
      await answer(request, response);
    } catch (error) {
      if (response.destroyed || request.destroyed) return;
      logger.error('a request could not be answered', { err: error });
      if (response.headersSent) response.destroy();
      else
        refuse(response, { status: 500, code: -32_603, message: 'KAMI failed to answer; its log says why.' });
    }
  });
}

/** Requests that a client sends without waiting are answered one after the other, so that none takes more than its share. */
function inTurn(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): RequestListener {
  const lines = new WeakMap<Socket, { length: number; end: Promise<unknown> }>();
  return (request, response) => {
    const { socket } = request;
    const line = lines.get(socket) ?? { length: 0, end: Promise.resolve() };
    lines.set(socket, line);
    if (line.length >= maxPipelined) {
      socket.destroy();
      return;
    }
    line.length += 1;
    line.end = line.end
      .then(() => (socket.destroyed ? undefined : answer(request, response)))
      .catch(() => socket.destroy())
      .then(() => {
        line.length -= 1;
      });
  };
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
