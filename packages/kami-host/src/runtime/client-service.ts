import { createHash } from 'node:crypto';
import type { CallOutcome, CallResult } from '../model/call-result.ts';
import type { Refusal } from '../model/capability.ts';
import {
  type AskTarget,
  answers,
  type ClientRequest,
  InvalidClientRequest,
  type OpenRequest,
  type Progress,
  parseClientRequests,
  targetOf,
} from '../model/client-request.ts';
import type { Json } from '../model/json.ts';
import { inputRequired } from '../sandbox/host-call/client-methods.ts';
import type { HostService } from '../sandbox/host-call/dispatcher.ts';
import { HostCallError } from '../sandbox/host-call/protocol.ts';
import { failure } from '../sandbox/result-text.ts';
import { cleanText } from '../terminal/clean-text.ts';

/** What whoever makes a call is to the tool: somebody who can be told how far it is, and asked. */
export interface Caller {
  readonly onProgress?: (progress: Progress) => void;
  /** What it can be asked for; nothing when it is left out. */
  readonly canAnswer?: ReadonlySet<AskTarget>;
  /** Told what it was to be asked for and can't be. */
  readonly onCannot?: (target: AskTarget) => void;
  /** What it answered so far, by the keys of the requests. */
  readonly answers?: ReadonlyMap<string, Json>;
}

export interface ClientServiceOptions {
  /** The tool's name, for the person who is asked. */
  readonly tool: string;
  readonly caller: Caller;
  /** What the tool was granted. */
  readonly granted: readonly AskTarget[];
  readonly onRefusal: (capability: Refusal['capability'], subject: string) => void;
  readonly onUse: (target: AskTarget) => void;
}

/** A call that came to an end: where nobody can answer, what a tool asks for is how it failed. */
export function endOf({ outcome }: Pick<CallResult, 'outcome'>): CallOutcome {
  if (outcome.status !== 'input-required') return outcome;
  return failure('input-required', 'The tool asks for something, and nobody can answer here.');
}

/** The code of the error that a tool gets which asks for what its caller can't answer. */
export const clientCannot = 'CLIENT_CANNOT';

/** Rounds of questions and answers; a tool whose questions differ each time would go on for ever. */
const maxRequests = 64;
const maxProgress = 10_000;

/** What a tool can tell and ask its caller, in one call. */
export class ClientService implements HostService {
  readonly #options: ClientServiceOptions;
  readonly #open: OpenRequest[] = [];
  readonly #keys = new Set<string>();
  #asked = 0;
  #told = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(options: ClientServiceOptions) {
    this.#options = options;
  }

  /** What has to be answered before the tool can be run to its end. */
  get open(): readonly OpenRequest[] {
    return this.#open;
  }

  async handle(method: string, args: unknown): Promise<unknown> {
    const given = (args ?? {}) as Readonly<Record<string, unknown>>;
    if (method === 'progress') return this.#tell(given);
    if (method === 'ask' && typeof given.requests === 'string') return this.#ask(given.requests);
    throw new HostCallError('invalid-argument');
  }

  async close(): Promise<void> {}

  #tell({ done, total, message }: Readonly<Record<string, unknown>>): undefined {
    const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
    // MCP: it must increase with each notification.
    if (!isNumber(done) || done <= this.#last || this.#told >= maxProgress) return;
    this.#last = done;
    this.#told += 1;
    this.#options.caller.onProgress?.({
      done,
      total: isNumber(total) ? total : undefined,
      message: typeof message === 'string' ? message : undefined,
    });
  }

  #ask(text: string): string {
    // Whoever goes on after it was told that the answers are not there learns no more.
    if (this.#open.length > 0) throw new HostCallError(inputRequired);
    const requests = readRequests(text);
    for (const request of requests) this.#check(targetOf(request));
    const found = requests.map((request) => this.#answerTo(request));
    const open = found.flatMap((one) => ('open' in one ? [one.open] : []));
    this.#open.push(...open);
    if (open.length > 0) throw new HostCallError(inputRequired);
    return JSON.stringify(found.map((one) => ('answer' in one ? one.answer : null)));
  }

  #check(target: AskTarget): void {
    const { granted, caller, onRefusal, onUse } = this.#options;
    if (!granted.includes(target)) {
      onRefusal('client', target);
      throw new HostCallError('NOT_PERMITTED', `The tool is not permitted to ask for this (${target}).`);
    }
    if (caller.canAnswer?.has(target) !== true) {
      caller.onCannot?.(target);
      throw new HostCallError(clientCannot, `${cannot[target]}, so the tool gets no answer.`);
    }
    onUse(target);
  }

  #answerTo(request: ClientRequest): { readonly answer: Json } | { readonly open: OpenRequest } {
    this.#asked += 1;
    if (this.#asked > maxRequests) {
      throw new HostCallError('TOO_MANY', `A call may ask its client ${maxRequests} times.`);
    }
    const key = request.key ?? `${this.#asked}-${digest(request)}`;
    if (this.#keys.has(key)) {
      throw new HostCallError('INVALID_REQUEST', `The tool asks twice under the key "${key}".`);
    }
    this.#keys.add(key);
    const answer = this.#options.caller.answers?.get(key);
    return answer !== undefined && answers(request, answer)
      ? { answer }
      : { open: { ...this.#named(request), key } };
  }

  /** A person must know who asks: what a tool writes may say that it is somebody else. */
  #named({ method, params }: ClientRequest): ClientRequest {
    if (typeof params.message !== 'string') return { method, params };
    const message = `${this.#options.tool} asks: ${cleanText(params.message, { multiline: true })}`;
    return { method, params: { ...params, message } };
  }
}

const cannot: Readonly<Record<AskTarget, string>> = {
  user: 'This client can not ask its user for input',
  model: 'This client does not let tools use its model',
  roots: 'This client does not tell its folders',
};

function readRequests(text: string): readonly ClientRequest[] {
  try {
    return parseClientRequests(text);
  } catch (error) {
    if (!(error instanceof InvalidClientRequest)) throw error;
    throw new HostCallError('INVALID_REQUEST', `The tool asks its client in a wrong way: ${error.message}.`);
  }
}

/** Tells requests apart: the answer to one is no answer to another. */
function digest(request: ClientRequest): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('base64url').slice(0, 12);
}
