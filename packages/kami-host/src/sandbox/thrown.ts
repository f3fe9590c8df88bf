import type { CallOutcome } from '../model/call-result.ts';
import { liftErrorName } from '../model/compiled-component.ts';
import type { Limits } from '../model/limits.ts';
import type { ResultConvention } from '../model/tool.ts';
import { MemoryInstantiatedTwice, MemoryLimitTooSmall, type ToolInstance } from './instance.ts';
import { failure, readFailure } from './result-text.ts';
import { GuestExit } from './wasi/cli.ts';
import { CallSuspended } from './wasi/client.ts';
import { TooManyHandles } from './wasi/handles.ts';

/** A guest whose memory can't grow by this much has, for all we can see from outside, run out of it. */
const memoryMarginMb = 2;
const trapNames = [
  'unreachable',
  'out of bounds',
  'divide by zero',
  'integer overflow',
  'indirect call',
  'null function',
  'null reference',
];

/** The component does not export what it said it would. */
export class NotOffered extends Error {
  override readonly name = 'NotOffered';
}

/** What a component's end by exception means. Nothing of V8 or of the engine's internals gets into the message. */
export function readThrown(
  error: unknown,
  convention: ResultConvention,
  instance: ToolInstance | undefined,
  { maxMemoryMb }: Pick<Limits, 'maxMemoryMb'>,
): CallOutcome {
  const memoryIsFull = (instance?.memoryBytes() ?? 0) > (maxMemoryMb - memoryMarginMb) * 1024 * 1024;
  if (isErrorCase(error)) {
    const outcome = readFailure(error.payload, convention);
    return memoryIsFull && outcome.message === 'out of memory' ? outOfMemory(maxMemoryMb) : outcome;
  }
  if (error instanceof CallSuspended) {
    return failure('input-required', 'The tool asks for something before it goes on.');
  }
  if (error instanceof NotOffered)
    return failure('invalid-output', `The tool can't do what it says: ${error.message}.`);
  if (error instanceof GuestExit) {
    return failure('exit', `The tool ended itself with exit code ${error.exitCode} instead of answering.`);
  }
  if (error instanceof MemoryLimitTooSmall) {
    return failure('out-of-memory', `The tool ${error.message}; its limit is ${maxMemoryMb} MB.`);
  }
  if (error instanceof MemoryInstantiatedTwice) {
    return failure(
      'out-of-memory',
      'The tool takes memory more than once for the same core module, which KAMI does not run.',
    );
  }
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return failure(
      'stack-overflow',
      'The tool ran out of stack: it calls itself without end, or too deeply.',
    );
  }
  if (error instanceof RangeError && error.name === liftErrorName) {
    return failure('trap', 'The tool passed a list to the sandbox that is too large to take.');
  }
  if (error instanceof TooManyHandles) return failure('trap', `The tool ${error.message}.`);
  if (memoryIsFull) return outOfMemory(maxMemoryMb);
  return failure('trap', trapMessage(error));
}

/**
 * A component stopped for want of fuel, however its end looked: exhaustion is an `unreachable` like any other, and
 * only the counter tells it apart.
 */
export function outOfFuel(maxFuel: number): CallOutcome {
  return failure('out-of-fuel', `The tool executed more than the ${maxFuel} instructions it may.`);
}

function outOfMemory(maxMemoryMb: number): CallOutcome {
  return failure('out-of-memory', `The tool needed more than the ${maxMemoryMb} MB of memory it may use.`);
}

/** V8 names traps in a few fixed words; anything else is the glue's or ours and says nothing to the reader. */
function trapMessage(error: unknown): string {
  const known =
    error instanceof WebAssembly.RuntimeError
      ? trapNames.find((name) => error.message.includes(name))
      : undefined;
  return known === undefined ? 'The tool crashed.' : `The tool crashed: ${known}.`;
}

/** The error case of `run`, as jco's glue throws it. */
export function isErrorCase(error: unknown): error is { readonly payload: string } {
  return (
    typeof error === 'object' && error !== null && 'payload' in error && typeof error.payload === 'string'
  );
}
