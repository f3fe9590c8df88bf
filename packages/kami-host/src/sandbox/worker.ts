import { parentPort, workerData } from 'node:worker_threads';
import type { CallOutcome, CallSuccess } from '../model/call-result.ts';
import type { Json } from '../model/json.ts';
import { type ChannelEnds, HostChannel } from './host-call/channel.ts';
import { instantiate, MemoryInstantiatedTwice, MemoryLimitTooSmall, type ToolInstance } from './instance.ts';
import type { Operation, WorkerAnswer, WorkerMessage, WorkerRequest } from './protocol.ts';
import { failure, readFailure, readSuccess } from './result-text.ts';
import { InvalidSchema, schemaCheck } from './schema-check.ts';
import { CallClock, CallLog, type CallState, RefusalRecord } from './wasi/call-state.ts';
import { GuestExit } from './wasi/cli.ts';
import { HandleBudget } from './wasi/handles.ts';
import { createImports } from './wasi/imports.ts';

/** A guest whose memory can't grow by this much has, for all we can see from outside, run out of it. */
const memoryMarginMb = 2;
const trapNames = [
  'unreachable',
  'out of bounds',
  'divide by zero',
  'integer overflow',
  'indirect call',
  'null reference',
];

const host = new HostChannel(workerData as ChannelEnds);

parentPort?.on('message', async (request: WorkerRequest) => {
  send({ kind: 'answer', answer: await answerTo(request) });
});

/** A schema that is none is the tool's fault, whether it is met before the component runs or after. */
async function answerTo(request: WorkerRequest): Promise<WorkerAnswer> {
  try {
    return await perform(request);
  } catch (error) {
    if (!(error instanceof InvalidSchema)) throw error;
    return { outcome: failure('invalid-schema', error.message), memoryPeakBytes: 0, refusals: [] };
  }
}

function send(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

/** Runs one operation in a fresh instance. Whatever the component does is part of the answer. */
async function perform({ component, operation, limits }: WorkerRequest): Promise<WorkerAnswer> {
  if (operation.kind === 'check-schemas') {
    checkSchemas(operation.inputSchema, operation.outputSchema);
    return { outcome: readSuccess('', 'text', false), memoryPeakBytes: 0, refusals: [] };
  }
  const input = operation.kind === 'run' ? checkInput(operation) : { text: '' };
  if ('outcome' in input) return { outcome: input.outcome, memoryPeakBytes: 0, refusals: [] };

  const log = new CallLog(limits, (line) => send({ kind: 'log', line }));
  const call: CallState = {
    clock: new CallClock(),
    log,
    refusals: new RefusalRecord(),
    handles: new HandleBudget(),
    host,
  };
  let instance: ToolInstance | undefined;
  let outcome: CallOutcome;
  try {
    instance = await instantiate(component, createImports(call), limits.maxMemoryMb);
    const text = operation.kind === 'run' ? instance.run(input.text) : instance.describe();
    outcome =
      Buffer.byteLength(text) > limits.maxOutputBytes
        ? failure(
            'output-too-large',
            `The tool returned more than the ${limits.maxOutputBytes} bytes it may.`,
          )
        : readText(text, operation);
  } catch (error) {
    if (error instanceof InvalidSchema) throw error;
    outcome = readThrown(error, operation, instance?.memoryBytes() ?? 0, limits.maxMemoryMb);
  }
  log.close();
  return { outcome, memoryPeakBytes: instance?.memoryBytes() ?? 0, refusals: call.refusals.list() };
}

type RunOperation = Extract<Operation, { readonly kind: 'run' }>;
type ComponentOperation = Exclude<Operation, { readonly kind: 'check-schemas' }>;

function checkInput({ input, inputSchema }: RunOperation): { text: string } | { outcome: CallOutcome } {
  const value = JSON.parse(input) as Json;
  const problems = schemaCheck(inputSchema, 'fill').problems(value);
  if (problems.length > 0) {
    return {
      outcome: failure('invalid-input', `The arguments do not fit the tool: ${problems.join('; ')}.`),
    };
  }
  return { text: JSON.stringify(value) };
}

function checkSchemas(inputSchema: string, outputSchema: string | undefined): void {
  schemaCheck(inputSchema, 'fill');
  if (outputSchema !== undefined) schemaCheck(outputSchema, 'leave');
}

function readText(text: string, operation: ComponentOperation): CallOutcome {
  if (operation.kind === 'describe') return readSuccess(text, 'text', false);
  const { convention, outputSchema } = operation;
  const outcome = readSuccess(text, convention, outputSchema !== undefined);
  return outputSchema === undefined || outcome.status === 'failure'
    ? outcome
    : checkOutput(outcome, outputSchema);
}

/** MCP: a tool with an output schema gives structured content that fits it. */
function checkOutput(outcome: CallSuccess, outputSchema: string): CallOutcome {
  const { structuredContent } = outcome;
  if (structuredContent === undefined) {
    return failure('invalid-output', 'The tool promises structured output and returned none.');
  }
  const problems = schemaCheck(outputSchema, 'leave').problems(structuredContent);
  return problems.length === 0
    ? outcome
    : failure(
        'invalid-output',
        `The tool's result does not fit its own output schema: ${problems.join('; ')}.`,
      );
}

/** What a component's end by exception means. Nothing of V8 or of the engine's internals gets into the message. */
function readThrown(
  error: unknown,
  operation: ComponentOperation,
  memoryBytes: number,
  maxMemoryMb: number,
): CallOutcome {
  const memoryIsFull = memoryBytes > (maxMemoryMb - memoryMarginMb) * 1024 * 1024;
  if (isErrorCase(error)) {
    const outcome = readFailure(error.payload, operation.kind === 'run' ? operation.convention : 'text');
    return memoryIsFull && outcome.message === 'out of memory' ? outOfMemory(maxMemoryMb) : outcome;
  }
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
  if (memoryIsFull) return outOfMemory(maxMemoryMb);
  return failure('trap', trapMessage(error));
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
function isErrorCase(error: unknown): error is { readonly payload: string } {
  return (
    typeof error === 'object' && error !== null && 'payload' in error && typeof error.payload === 'string'
  );
}
