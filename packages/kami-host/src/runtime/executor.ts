import type { ComponentOrigin } from '../component/component-store.ts';
import type { EngineParts } from '../component/engine-cache.ts';
import type { Limits } from '../model/limits.ts';
import type { LogLine } from '../model/log-line.ts';
import type { Services } from '../sandbox/host-call/dispatcher.ts';
import type { GuestView, Operation, WorkerAnswer } from '../sandbox/protocol.ts';

/** One operation on a component, with all that decides how it may run. */
export interface Execution {
  readonly origin: ComponentOrigin;
  readonly operation: Operation;
  readonly limits: Limits;
  /** What is left of the time limit, ms: it counts from the call's arrival. */
  readonly timeLeftMs: number;
  readonly guest: GuestView;
  /** Executions of different domains never share a process, where there are several. */
  readonly domain: string;
  /** What the component may ask the host for; made for this execution, and closed by who made it. */
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly onLog: (line: LogLine) => void;
}

/** Runs components in fresh instances, behind whichever walls. */
export interface Executor {
  /**
   * @throws KamiError when the component can't be prepared; the signal's reason when it is aborted. How the
   *   component itself ends is in the answer.
   */
  execute(execution: Execution): Promise<WorkerAnswer>;
  /** Makes ready what the first execution would wait for. */
  warmUp(): void;
  /** Makes ready what the first execution of a component of this engine would wait for. No guest runs. */
  preload(engine: EngineParts): void;
  /** No more executions of a domain come: what is kept for them can go. */
  dismiss(domain: string): void;
  /** Ends everything, also what runs. */
  close(): Promise<void>;
}
