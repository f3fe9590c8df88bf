import type * as Monotonic from '@bytecodealliance/preview2-shim/interfaces/wasi-clocks-monotonic-clock';
import type * as Wall from '@bytecodealliance/preview2-shim/interfaces/wasi-clocks-wall-clock';
import { CallClock, type CallState } from './call-state.ts';
import { Pollable } from './io.ts';

/** The time of day and the call's own stopwatch, both in steps of 1 ms. */
export function clockInterfaces({ clock, handles }: Pick<CallState, 'clock' | 'handles'>) {
  const monotonic = {
    now: () => clock.now(),
    resolution: () => CallClock.resolution,
    subscribeInstant: (when) => Pollable.at(handles, clock, when),
    subscribeDuration: (duration) => Pollable.at(handles, clock, clock.now() + duration),
  } satisfies typeof Monotonic;
  const wall = {
    now: () => {
      const ms = Date.now();
      return { seconds: BigInt(Math.floor(ms / 1000)), nanoseconds: (ms % 1000) * 1_000_000 };
    },
    resolution: () => ({ seconds: 0n, nanoseconds: Number(CallClock.resolution) }),
  } satisfies typeof Wall;
  return { 'wasi:clocks/monotonic-clock': monotonic, 'wasi:clocks/wall-clock': wall };
}
