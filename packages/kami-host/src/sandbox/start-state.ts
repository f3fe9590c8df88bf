import type { CompiledComponent, StartState } from '../model/compiled-component.ts';
import { defaultLimits, type Limits } from '../model/limits.ts';
import { instantiate } from './instance.ts';
import { CallClock, CallLog, RefusalRecord } from './wasi/call-state.ts';
import { HandleBudget } from './wasi/handles.ts';
import { createImports, type HostImports } from './wasi/imports.ts';

/** Ten times what an engine needs; the rehearsal of another is left out. */
const maxFuel = 100_000_000;
const clockInterface = 'wasi:clocks/monotonic-clock';

/**
 * Does ahead what every first call of a component would do again, by asking it once what it is: an engine of
 * JavaScript spends most of a small call on that. Only if that changed nothing but the component's own state, and
 * asked for nothing but a clock that stands at the beginning, is it what each of its calls begins with: then it is
 * the same wherever and whenever it is done.
 * @returns undefined where a call has to begin with the state that the component was delivered in
 */
export function rehearse(component: CompiledComponent): StartState | undefined {
  if (component.reuse !== 'reset') return undefined;
  const quiet = quietImports();
  const limits: Limits = { ...defaultLimits, maxFuel };
  try {
    const instance = instantiate(component, quiet.imports, limits);
    instance.describe();
    return quiet.wasKept() && instance.fuelLeft() >= 0 ? instance.capture() : undefined;
  } catch {
    return undefined;
  }
}

/** Imports with nothing behind them, and whether the guest kept to itself. */
function quietImports(): { readonly imports: HostImports; readonly wasKept: () => boolean } {
  const handles = new HandleBudget();
  const refusals = new RefusalRecord();
  let wasKept = true;
  const given = createImports({
    clock: new CallClock('coarse'),
    environment: () => [],
    log: new CallLog(defaultLimits, () => {}),
    refusals,
    handles,
    host: undefined,
  });
  const refuse = (): never => {
    wasKept = false;
    throw new Error('nothing is there before the first call');
  };
  const watched = Object.entries(given).map(([name, members]) => [
    name,
    Object.fromEntries(
      Object.entries(members).map(([member, value]) => {
        if (name === clockInterface && member === 'now') return [member, () => 0n];
        return [member, isFunction(value) ? refuse : value];
      }),
    ),
  ]);
  return {
    imports: Object.fromEntries(watched) as HostImports,
    wasKept: () => wasKept && !handles.wereTaken && refusals.list().length === 0,
  };
}

/** A class makes handles, which are counted. */
function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value));
}
