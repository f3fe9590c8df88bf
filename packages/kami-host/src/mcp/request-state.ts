import { createHash } from 'node:crypto';
import {
  createRequestStateCodec,
  type InputRequiredResult,
  inputRequired,
  ProtocolError,
  ProtocolErrorCode,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { OpenRequest } from '../model/client-request.ts';
import { isJsonObject, type Json } from '../model/json.ts';

/**
 * What a client hands back with its answers (protocol revision 2026-07-28, multi-round-trip requests): the answers of
 * the rounds before. It is signed, for ten minutes, and bound to the client and to the request that it is of.
 */
interface RoundState {
  /** Of the request: its method, whom it is for, and its arguments. */
  readonly request: string;
  /** Keys of what was asked in this round: nothing else is an answer. */
  readonly asked: readonly string[];
  readonly answers: Readonly<Record<string, Json>>;
}

const ttlSeconds = 600;
/** Characters. */
const maxStateLength = 256 * 1024;

/** Signs and checks the states of requests that have several rounds. */
export class RequestStates {
  readonly #key: () => Uint8Array;
  #codec: RequestStateCodec<RoundState> | undefined;

  /** @param key 32 bytes that all servers of a registry have in common; asked for when it is first needed */
  constructor(key: () => Uint8Array) {
    this.#key = key;
  }

  /** For `ServerOptions.requestState`. */
  readonly verify = (state: string, context: ServerContext): Promise<RoundState> => {
    if (state.length > maxStateLength) throw new RangeError('the state is too long');
    return this.#codecOf().verify(state, context);
  };

  /**
   * What a client has answered so far to a request.
   * @throws ProtocolError when its state is of another request
   */
  answersTo(request: string, { mcpReq }: ServerContext): ReadonlyMap<string, Json> {
    const state = mcpReq.requestState<RoundState>();
    if (state !== undefined && state.request !== request) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'The requestState is of another request.');
    }
    if (state === undefined) return new Map();
    const given = Object.entries(mcpReq.inputResponses ?? {}) as [string, Json][];
    return new Map([
      ...Object.entries(state.answers),
      ...given.filter(([key, answer]) => state.asked.includes(key) && isAnswer(answer)),
    ]);
  }

  /** The result that asks for more answers. */
  async ask(
    request: string,
    open: readonly OpenRequest[],
    known: ReadonlyMap<string, Json>,
    context: ServerContext,
  ): Promise<InputRequiredResult> {
    const keys = new Set(open.map(({ key }) => key));
    const answers = Object.fromEntries([...known].filter(([key]) => !keys.has(key)));
    const requestState = await this.#codecOf().mint({ request, asked: [...keys], answers }, context);
    const inputRequests = Object.fromEntries(
      open.map(({ key, method, params }) => [key, { method, params }]),
    );
    return inputRequired({ inputRequests: inputRequests as never, requestState });
  }

  #codecOf(): RequestStateCodec<RoundState> {
    this.#codec ??= createRequestStateCodec<RoundState>({
      key: this.#key(),
      ttlSeconds,
      bind: ({ mcpReq, http }) => `${mcpReq.method}\0${http?.authInfo?.clientId ?? ''}`,
    });
    return this.#codec;
  }
}

/** Names a request by all that decides what it asks for. */
export function requestName(...parts: readonly Json[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/** Whatever else a client sends along is not carried from round to round. */
function isAnswer(value: Json): boolean {
  return isJsonObject(value) && JSON.stringify(value).length <= maxStateLength / 4;
}
