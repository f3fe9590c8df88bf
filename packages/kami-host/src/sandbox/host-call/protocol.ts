/**
 * What a worker asks its host for while a guest runs. The host decides and does the work: the worker holds no
 * file, no socket and no policy. Everything in it survives a structured clone and Node's advanced serialization.
 */
export interface HostRequest {
  /** Chosen by the worker, unique within its life. */
  readonly id: number;
  readonly service: ServiceName;
  readonly method: string;
  readonly args: unknown;
}

export type ServiceName = (typeof serviceNames)[number];
/** `turn` is there for every call: it tells the host that the guest waits, so that another can compute. */
export const serviceNames = ['files', 'egress', 'client', 'turn'] as const;

export interface TurnMethods extends Methods {
  /** Ends when the time is over, or when the host has something for the guest; only then does the guest go on. */
  readonly pause: { readonly args: Pause; readonly result: undefined };
}

export interface Pause {
  /** Requests that the worker has no reply to yet. */
  readonly waitingFor: number;
  readonly ms: number;
}

export type HostReply =
  | { readonly id: number; readonly status: 'done'; readonly value: unknown }
  /** `code` is the error of the WASI interface that asked, such as `not-permitted`. */
  | {
      readonly id: number;
      readonly status: 'failed';
      readonly code: string;
      readonly detail?: string | undefined;
    };

/** The methods of a service: name → what it takes and gives. Each service declares its own. */
export type Methods = Readonly<Record<string, { readonly args: unknown; readonly result: unknown }>>;

/** A request was not granted or failed; the code is for the WASI interface to translate. */
export class HostCallError extends Error {
  override readonly name = 'HostCallError';
  readonly code: string;

  constructor(code: string, detail?: string) {
    super(detail ?? code);
    this.code = code;
  }
}
