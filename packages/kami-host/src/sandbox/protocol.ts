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
}

/** How an operation ended, as far as the worker can tell: `describe` answers with its text as content. */
export interface WorkerAnswer {
  readonly outcome: CallOutcome;
  readonly memoryPeakBytes: number;
  readonly refusals: readonly Refusal[];
}

export type WorkerMessage =
  | { readonly kind: 'log'; readonly line: LogLine }
  | { readonly kind: 'answer'; readonly answer: WorkerAnswer };
