import { parentPort, workerData } from 'node:worker_threads';
import type { CallOutcome, CallSuccess } from '../model/call-result.ts';
import type { Json } from '../model/json.ts';
import { bareAnswer } from './answer.ts';
import { type ChannelEnds, HostChannel } from './host-call/channel.ts';
import { instantiate, type ToolInstance } from './instance.ts';
import type { Operation, WorkerAnswer, WorkerMessage, WorkerRequest } from './protocol.ts';
import { failure, readSuccess } from './result-text.ts';
import { InvalidSchema, schemaCheck } from './schema-check.ts';
import { outOfFuel, readThrown } from './thrown.ts';
import { CallClock, CallLog, type CallState, RefusalRecord } from './wasi/call-state.ts';
import { HandleBudget } from './wasi/handles.ts';
import { createImports } from './wasi/imports.ts';

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
    return bareAnswer(failure('invalid-schema', error.message));
  }
}

function send(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

/** Runs one operation in a fresh instance. Whatever the component does is part of the answer. */
async function perform({ component, operation, limits, guest }: WorkerRequest): Promise<WorkerAnswer> {
  if (operation.kind === 'check-schemas') {
    checkSchemas(operation.inputSchema, operation.outputSchema);
    return bareAnswer(readSuccess('', 'text', false));
  }
  const input = operation.kind === 'run' ? checkInput(operation) : { text: '' };
  if ('outcome' in input) return bareAnswer(input.outcome);

  const log = new CallLog(limits, (line) => send({ kind: 'log', line }));
  const call: CallState = {
    clock: new CallClock(guest.clock),
    environment: guest.environment,
    log,
    refusals: new RefusalRecord(),
    handles: new HandleBudget(),
    host,
  };
  let instance: ToolInstance | undefined;
  let outcome: CallOutcome;
  try {
    instance = await instantiate(component, createImports(call), limits);
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
    outcome = readThrown(error, operation.kind === 'run' ? operation.convention : 'text', instance, limits);
  }
  log.close();
  const fuelLeft = instance?.fuelLeft() ?? limits.maxFuel;
  if (fuelLeft < 0) outcome = outOfFuel(limits.maxFuel);
  return {
    outcome,
    memoryPeakBytes: instance?.memoryBytes() ?? 0,
    fuel: limits.maxFuel - Math.max(0, fuelLeft),
    readClock: call.clock.wasRead,
    refusals: call.refusals.list(),
  };
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
