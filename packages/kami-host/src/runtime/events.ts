import type { FailureReason } from '../model/call-result.ts';
import type { Spent } from '../sandbox/protocol.ts';

/** A worker thread of this process, or a process of its own. */
export type SandboxKind = 'thread' | 'cell';

/** What happens in a runtime, as it happens. `tool` is the name by which the caller knows it. */
export type RuntimeEvent =
  | { readonly kind: 'call-begun'; readonly tool: string; readonly waitedMs: number }
  | {
      readonly kind: 'call-ended';
      readonly tool: string;
      /** `cancelled`: by its caller; `error`: KAMI could not run it. */
      readonly outcome: 'success' | FailureReason | 'cancelled' | 'error';
      readonly durationMs: number;
      readonly spent: Spent | undefined;
    }
  /** Not begun: too many wait, or it waited too long, or the runtime closes. */
  | { readonly kind: 'call-refused'; readonly tool: string; readonly reason: string }
  | { readonly kind: 'sandbox-started'; readonly sandbox: SandboxKind }
  | {
      readonly kind: 'sandbox-ended';
      readonly sandbox: SandboxKind;
      readonly reason: 'crashed' | 'stopped' | 'evicted';
    }
  | { readonly kind: 'component-evicted' };

export type EventSink = (event: RuntimeEvent) => void;

/** Sums of what happened since the runtime was made. Times in ms. */
export interface RuntimeCounters {
  readonly calls: {
    readonly begun: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly refused: number;
    readonly errors: number;
  };
  readonly waitedMs: number;
  readonly longestWaitMs: number;
  readonly loadMs: number;
  readonly prepareMs: number;
  readonly runMs: number;
  readonly instances: Readonly<Record<Spent['instance'], number>>;
  readonly components: { readonly kept: number; readonly loaded: number; readonly evicted: number };
  readonly sandboxes: {
    readonly started: number;
    readonly crashed: number;
    readonly stopped: number;
    readonly evicted: number;
  };
}

/** Adds events up. */
export class EventCounter {
  readonly #sums = {
    calls: { begun: 0, succeeded: 0, failed: 0, cancelled: 0, refused: 0, errors: 0 },
    waitedMs: 0,
    longestWaitMs: 0,
    loadMs: 0,
    prepareMs: 0,
    runMs: 0,
    instances: { made: 0, ahead: 0, reset: 0 },
    components: { kept: 0, loaded: 0, evicted: 0 },
    sandboxes: { started: 0, crashed: 0, stopped: 0, evicted: 0 },
  };

  add(event: RuntimeEvent): void {
    const { calls, components, sandboxes } = this.#sums;
    switch (event.kind) {
      case 'call-begun':
        calls.begun += 1;
        this.#sums.waitedMs += event.waitedMs;
        this.#sums.longestWaitMs = Math.max(this.#sums.longestWaitMs, event.waitedMs);
        return;
      case 'call-ended':
        calls[outcomeCounter(event.outcome)] += 1;
        if (event.spent !== undefined) this.#spend(event.spent);
        return;
      case 'call-refused':
        calls.refused += 1;
        return;
      case 'sandbox-started':
        sandboxes.started += 1;
        return;
      case 'sandbox-ended':
        sandboxes[event.reason] += 1;
        return;
      case 'component-evicted':
        components.evicted += 1;
    }
  }

  read(): RuntimeCounters {
    return structuredClone(this.#sums);
  }

  #spend({ loadMs, prepareMs, runMs, instance }: Spent): void {
    this.#sums.loadMs += loadMs;
    this.#sums.prepareMs += prepareMs;
    this.#sums.runMs += runMs;
    this.#sums.instances[instance] += 1;
    this.#sums.components[loadMs === 0 ? 'kept' : 'loaded'] += 1;
  }
}

function outcomeCounter(outcome: Extract<RuntimeEvent, { kind: 'call-ended' }>['outcome']) {
  switch (outcome) {
    case 'success':
      return 'succeeded';
    case 'cancelled':
      return 'cancelled';
    case 'error':
      return 'errors';
    default:
      return 'failed';
  }
}
