import type { CompiledComponent } from '../model/compiled-component.ts';
import type { Limits } from '../model/limits.ts';
import type { LogLine } from '../model/log-line.ts';
import type { HostChannel } from './host-call/channel.ts';
import { instantiate, type ToolInstance } from './instance.ts';
import type { GuestView, InstanceOrigin } from './protocol.ts';
import { CallClock, CallLog, type CallState, RefusalRecord } from './wasi/call-state.ts';
import { HandleBudget } from './wasi/handles.ts';
import { createImports } from './wasi/imports.ts';

/** What an instance is made for. One that was made for something else is of no use. */
export interface InstanceOrder {
  readonly component: CompiledComponent;
  readonly limits: Limits;
  readonly clock: GuestView['clock'];
}

/** A call's own state, and a way to its instance, which may have been made ahead. */
export interface CallInstance {
  readonly call: CallState;
  /** @throws as `instantiate` */
  readonly start: () => ToolInstance;
  readonly origin: InstanceOrigin;
  /** What it took to prepare, ms; of one that is still to be made 0. */
  readonly preparedMs: number;
}

interface Prepared {
  readonly order: InstanceOrder;
  readonly made: MadeCall;
  readonly instance: ToolInstance;
  readonly origin: InstanceOrigin;
  readonly preparedMs: number;
}

/** A call's state that does not know yet which call it is of. */
interface MadeCall {
  readonly state: CallState;
  /** From here on it is the call's. */
  readonly begin: (environment: GuestView['environment']) => void;
}

/**
 * Makes the instances of a worker, each for one call and never used again. After a call the next one is made ahead,
 * for the same tool under the same limits: no code of the guest runs before it is called, so it can't tell.
 */
export class Instances {
  readonly #host: HostChannel;
  readonly #log: (line: LogLine) => void;
  #prepared: Prepared | undefined;

  constructor(host: HostChannel, log: (line: LogLine) => void) {
    this.#host = host;
    this.#log = log;
  }

  take(order: InstanceOrder, environment: GuestView['environment']): CallInstance {
    const prepared = this.#prepared;
    if (prepared !== undefined && isSame(prepared.order, order)) {
      this.#prepared = undefined;
      prepared.made.begin(environment);
      const { made, instance, origin, preparedMs } = prepared;
      return { call: made.state, start: () => instance, origin, preparedMs };
    }
    const made = this.#make(order);
    made.begin(environment);
    const { component, limits } = order;
    return {
      call: made.state,
      start: () => instantiate(component, createImports(made.state), limits),
      origin: 'made',
      preparedMs: 0,
    };
  }

  /**
   * Makes an instance ahead, in place of one for another order.
   * @param used the one of a call that returned: brought back to what it was, it is as good as a new one
   */
  prepare(order: InstanceOrder, used: ToolInstance | undefined): void {
    this.#prepared = undefined;
    const start = performance.now();
    // Whatever its start would do it must do in the call, under the call's clock, limits and services.
    if (order.component.reuse === 'none') return;
    const made = this.#make(order);
    const imports = createImports(made.state);
    try {
      const isReset = order.component.reuse === 'reset' && used?.reset(imports) === true;
      const instance = isReset ? used : instantiate(order.component, imports, order.limits);
      const preparedMs = performance.now() - start;
      this.#prepared = { order, made, instance, origin: isReset ? 'reset' : 'ahead', preparedMs };
    } catch {
      // The call that needs it will fail in the same way, and say so.
    }
  }

  #make({ limits, clock }: InstanceOrder): MadeCall {
    const callClock = new CallClock(clock);
    let variables: GuestView['environment'] = [];
    return {
      state: {
        clock: callClock,
        environment: () => variables,
        log: new CallLog(limits, this.#log),
        refusals: new RefusalRecord(),
        handles: new HandleBudget(),
        host: this.#host,
      },
      begin(environment) {
        variables = environment;
        callClock.start();
      },
    };
  }
}

/** Those that an instance is made under; the others are the call's. */
const limitsOfInstances = [
  'maxMemoryMb',
  'maxFuel',
  'maxLogLines',
  'maxLogLineLength',
] as const satisfies readonly (keyof Limits)[];

function isSame(left: InstanceOrder, right: InstanceOrder): boolean {
  return (
    left.component.key === right.component.key &&
    left.clock === right.clock &&
    limitsOfInstances.every((field) => left.limits[field] === right.limits[field])
  );
}
