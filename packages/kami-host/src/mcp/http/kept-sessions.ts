import { randomUUID } from 'node:crypto';
import {
  type AuthInfo,
  isInitializeRequest,
  isJSONRPCRequest,
  type Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';

/** One client of 2025-11-25 that said hello to this process. */
interface Session {
  readonly client: string;
  readonly server: Server;
  readonly transport: WebStandardStreamableHTTPServerTransport;
}

/** A message for a session, or its hello. */
export interface SessionMessage {
  /** Without its body. */
  readonly request: Request;
  /** What was posted; undefined for other methods. */
  readonly message: unknown;
  readonly authInfo: AuthInfo & { readonly clientId: string };
}

const maxSessions = 1_000;

/**
 * The sessions of clients of 2025-11-25, whose servers may ask them something while a call runs: their answer is a message
 * of its own, and finds its question by the session. Nothing else depends on it: a client whose session is not kept,
 * because another process has it or there were too many, is served like one that has none, and can not be asked.
 */
export class KeptSessions {
  readonly #createServer: (client: string) => Server;
  /** In the order of last use, the oldest first. */
  readonly #sessions = new Map<string, Session>();
  /** Those that their clients ended: they are over, not only kept elsewhere. */
  readonly #ended = new Set<string>();

  constructor(createServer: (client: string) => Server) {
    this.#createServer = createServer;
  }

  /** Whether a client has a session of this name here. */
  has(client: string, session: string | undefined): boolean {
    return session !== undefined && this.#sessions.get(session)?.client === client;
  }

  /** Answers a hello, or a message of a session that is kept; undefined for all others. */
  async answer({ request, message, authInfo }: SessionMessage): Promise<Response | undefined> {
    const { clientId: client } = authInfo;
    if (isInitializeRequest(message)) return this.#open(client, request, { parsedBody: message, authInfo });
    const name = request.headers.get('mcp-session-id') ?? undefined;
    if (name !== undefined && this.#ended.has(name)) return gone();
    const session = name === undefined ? undefined : this.#sessions.get(name);
    if (name === undefined || session?.client !== client) return undefined;
    this.#sessions.delete(name);
    this.#sessions.set(name, session);
    cancelWhenGone(session, request.signal, message);
    return session.transport.handleRequest(request, { parsedBody: message, authInfo });
  }

  /** The servers of all sessions, to tell their clients something unasked. */
  get servers(): readonly Server[] {
    return [...this.#sessions.values()].map(({ server }) => server);
  }

  async close(): Promise<void> {
    const all = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all(all.map(({ server }) => server.close()));
  }

  async #open(
    client: string,
    request: Request,
    options: { readonly parsedBody: unknown; readonly authInfo: AuthInfo },
  ): Promise<Response> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (name) => {
        this.#sessions.set(name, { client, server, transport });
        this.#forgetOldest();
      },
      onsessionclosed: (name) => {
        this.#sessions.delete(name);
        this.#ended.add(name);
        for (const oldest of this.#ended) if (this.#ended.size > maxSessions) this.#ended.delete(oldest);
      },
    });
    const server = this.#createServer(client);
    await server.connect(transport);
    return transport.handleRequest(request, options);
  }

  #forgetOldest(): void {
    for (const [name, { server }] of this.#sessions) {
      if (this.#sessions.size <= maxSessions) return;
      this.#sessions.delete(name);
      void server.close();
    }
  }
}

/** MCP 2025-11-25, session management: 404 has the client begin a new one. */
function gone(): Response {
  const error = { code: -32_001, message: 'The session was ended.' };
  return Response.json({ jsonrpc: '2.0', id: null, error }, { status: 404 });
}

/** A client that closes the connection no longer waits for the answer: its call ends, as if it had said so. */
function cancelWhenGone({ transport }: Session, signal: AbortSignal, message: unknown): void {
  if (!isJSONRPCRequest(message)) return;
  const params = { requestId: message.id, reason: 'the connection was closed' };
  const cancel = () => transport.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
  signal.addEventListener('abort', cancel, { once: true });
}
