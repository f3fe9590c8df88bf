import type { Refusal } from './capability.ts';
import type { OpenRequest } from './client-request.ts';
import type { Json, JsonObject } from './json.ts';

/** A piece of content as MCP defines it (schema 2025-11-25 and later, `ContentBlock`). */
export type ContentBlock =
  | {
      readonly type: 'text';
      readonly text: string;
      readonly annotations?: JsonObject;
      readonly _meta?: JsonObject;
    }
  | {
      readonly type: 'image' | 'audio';
      /** Base64. */
      readonly data: string;
      readonly mimeType: string;
      readonly annotations?: JsonObject;
      readonly _meta?: JsonObject;
    }
  | {
      readonly type: 'resource_link';
      readonly uri: string;
      readonly name: string;
      readonly title?: string;
      readonly description?: string;
      readonly mimeType?: string;
      readonly size?: number;
      readonly annotations?: JsonObject;
      readonly _meta?: JsonObject;
    }
  | {
      readonly type: 'resource';
      readonly resource:
        | {
            readonly uri: string;
            readonly mimeType?: string;
            readonly text: string;
            readonly _meta?: JsonObject;
          }
        | {
            readonly uri: string;
            readonly mimeType?: string;
            readonly blob: string;
            readonly _meta?: JsonObject;
          };
      readonly annotations?: JsonObject;
      readonly _meta?: JsonObject;
    };

/** Why a call gave no answer. Every one is a result of the tool, none is an error of KAMI. */
export type FailureReason =
  /** The arguments do not fit the tool's input schema. */
  | 'invalid-input'
  /** The tool said so itself: it threw, or returned the error case of `run`. */
  | 'tool-error'
  /** What the tool returned can't be read by the convention it declares. */
  | 'invalid-output'
  | 'output-too-large'
  /** The input or output schema of the tool is not a JSON Schema. */
  | 'invalid-schema'
  | 'timeout'
  | 'out-of-memory'
  | 'out-of-fuel'
  | 'stack-overflow'
  /** The component ended in a WebAssembly trap. */
  | 'trap'
  /** The component called `exit`. */
  | 'exit'
  /** The sandbox that ran the call died, or the tool is stopped for a while because that happened too often. */
  | 'crash'
  /** The tool asked its caller for something, and goes on when it is called again with the answer. */
  | 'input-required'
  /** The tool was called too often in the last minute; it was not started. */
  | 'rate-limited';

export interface CallSuccess {
  readonly status: 'success';
  readonly content: readonly ContentBlock[];
  /** An object, or any value when the tool's output schema describes one. */
  readonly structuredContent: Json | undefined;
}

export interface CallFailure {
  readonly status: 'failure';
  readonly reason: FailureReason;
  /** For the model and the person who reads it; no engine internals. */
  readonly message: string;
  /** The author's own error code and data, when the tool gave them. */
  readonly code: string | undefined;
  readonly data: Json | undefined;
}

export type CallOutcome = CallSuccess | CallFailure;

/** The tool asked its caller for something. Called again with the answers it runs from its beginning, and further. */
export interface InputRequired {
  readonly status: 'input-required';
  readonly requests: readonly OpenRequest[];
}

/** What one call came to: how it ended, and what it cost. */
export interface CallResult {
  readonly outcome: CallOutcome | InputRequired;
  /** Wall clock from the start of the call to its result, ms. */
  readonly durationMs: number;
  /** Highest linear memory of the component, bytes; 0 when it was not started. */
  readonly memoryPeakBytes: number;
  /** Instructions executed; 0 when it was not started, or when its end left nobody to ask. */
  readonly fuel: number;
  /** Whether the tool looked at a clock: if not, the same input and answers from outside cost the same fuel. */
  readonly readClock: boolean;
  readonly refusals: readonly Refusal[];
}
