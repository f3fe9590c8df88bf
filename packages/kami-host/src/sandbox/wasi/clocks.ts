import type * as Monotonic from '@bytecodealliance/preview2-shim/interfaces/wasi-clocks-monotonic-clock';
import type * as Wall from '@bytecodealliance/preview2-shim/interfaces/wasi-clocks-wall-clock';
import type { CallState } from './call-state.ts';
import { Pollable } from './io.ts';

/** The time of day and the call's own stopwatch, in the steps that were granted. */
export function clockInterfaces(call: Pick<CallState, 'clock' | 'handles' | 'host'>) {
  const { clock } = call;
  const monotonic = {
    now: () => clock.now(),
    resolution: () => clock.resolution,
    subscribeInstant: (when) => Pollable.at(call, when),
    subscribeDuration: (duration) => Pollable.at(call, clock.now() + duration),
  } satisfies typeof Monotonic;
  const wall = {
    now: () => datetime(clock.today()),
    resolution: () => datetime(clock.resolution),
  } satisfies typeof Wall;
  return { 'wasi:clocks/monotonic-clock': monotonic, 'wasi:clocks/wall-clock': wall };
}

function datetime(ns: bigint): Wall.Datetime {
  return { seconds: ns / 1_000_000_000n, nanoseconds: Number(ns % 1_000_000_000n) };
}
