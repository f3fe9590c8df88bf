import type { CallOutcome } from '../model/call-result.ts';
import type { Refusal } from '../model/capability.ts';
import type { CompiledComponent } from '../model/compiled-component.ts';
import type { Limits } from '../model/limits.ts';
import type { LogLine } from '../model/log-line.ts';
import type { ResultConvention } from '../model/tool.ts';

/** What a worker is asked to do with a component, each time in a fresh instance. */
export type Operation =
  | {
      readonly kind: 'run';
      /** The arguments as JSON text. */
      readonly input: string;
      /** Schemas as JSON text: the worker keeps their validators by it. */
      readonly inputSchema: string;
      readonly outputSchema: string | undefined;
      readonly convention: ResultConvention;
    }
  | { readonly kind: 'describe' }
  /** Only compiles the schemas; the component is not started. */
  | {
      readonly kind: 'check-schemas';
      readonly inputSchema: string;
      readonly outputSchema: string | undefined;
    };

export interface WorkerRequest {
  readonly component: CompiledComponent;
  readonly operation: Operation;
  readonly limits: Limits;
  readonly guest: GuestView;
}

/** What the guest is let see of its surroundings. */
export interface GuestView {
  /** Variables: the granted ones that have a value. */
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly clock: 'coarse' | 'fine';
}

/** Nothing. */
export const blindGuest: GuestView = Object.freeze({ environment: Object.freeze([]), clock: 'coarse' });

/** How an operation ended, as far as the worker can tell: `describe` answers with its text as content. */
export interface WorkerAnswer {
  readonly outcome: CallOutcome;
  readonly memoryPeakBytes: number;
  /** Instructions executed; after a crash or a timeout 0, since nobody could read it. */
  readonly fuel: number;
  /** Whether the guest looked at a clock: the same input then need not cost the same fuel. */
  readonly readClock: boolean;
  readonly refusals: readonly Refusal[];
}

export type WorkerMessage =
  | { readonly kind: 'log'; readonly line: LogLine }
  | { readonly kind: 'answer'; readonly answer: WorkerAnswer };
