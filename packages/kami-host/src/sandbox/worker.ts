import { parentPort, workerData } from 'node:worker_threads';
import type { CallOutcome, CallSuccess } from '../model/call-result.ts';
import { type CompiledComponent, withStart } from '../model/compiled-component.ts';
import type { Sha256 } from '../model/ids.ts';
import type { Json } from '../model/json.ts';
import type { ResultConvention } from '../model/tool.ts';
import { bareAnswer } from './answer.ts';
import { type ChannelEnds, HostChannel } from './host-call/channel.ts';
import type { ToolInstance } from './instance.ts';
import { Instances } from './instances.ts';
import { linkerOf } from './linker.ts';
import type { Operation, PostedRequest, WorkerAnswer, WorkerMessage, WorkerRequest } from './protocol.ts';
import { failure, readSuccess } from './result-text.ts';
import { InvalidSchema, schemaCheck } from './schema-check.ts';
import { rehearse } from './start-state.ts';
import { isErrorCase, NotOffered, outOfFuel, readThrown } from './thrown.ts';

const host = new HostChannel(workerData as ChannelEnds);
const instances = new Instances(host, (line) => send({ kind: 'log', line }));

const components = new Map<Sha256, CompiledComponent>();

parentPort?.on('message', (posted: PostedRequest) => {
  const request = { ...posted, component: componentOf(posted) };
  for (const key of posted.forget) components.delete(key);
  host.forget();
  const { answer, used } = answerTo(request);
  const { operation, limits, guest } = request;
  // What a component is asked before it is installed: whatever else its calls would do first is done now, too.
  if (operation.kind === 'describe' && answer.outcome.status === 'success') rehearsed(request.component);
  send({ kind: 'answer', answer });
  if (!isCall(operation)) return;
  const component = components.get(request.component.key) ?? request.component;
  instances.prepare({ component, limits, clock: guest.clock }, used);
});

function componentOf({ component }: PostedRequest): CompiledComponent {
  if (typeof component !== 'string') {
    // Its source is sent once for all components that it links.
    linkerOf(component.glue);
    components.set(component.key, component);
    return component;
  }
  const known = components.get(component);
  if (known === undefined) throw new Error(`this thread has no component ${component}`);
  return known;
}

/** The component with what its calls begin with, which is found out before the first of them. */
function rehearsed(component: CompiledComponent): CompiledComponent {
  if (component.start !== 'unknown') return component;
  const start = rehearse(component) ?? 'delivered';
  const ready = withStart(component, start);
  components.set(component.key, ready);
  send({ kind: 'start-state', start });
  return ready;
}

/** A schema that is none is the tool's fault, whether it is met before the component runs or after. */
function answerTo(request: WorkerRequest): Performed {
  try {
    return perform(request);
  } catch (error) {
    if (!(error instanceof InvalidSchema)) throw error;
    return { answer: bareAnswer(failure('invalid-schema', error.message)), used: undefined };
  }
}

function send(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

interface Performed {
  readonly answer: WorkerAnswer;
  /** The instance, if its call came to a regular end. */
  readonly used: ToolInstance | undefined;
}

/** Runs one operation in a fresh instance. Whatever the component does is part of the answer. */
function perform({ component: asked, operation, limits, guest }: WorkerRequest): Performed {
  if (operation.kind === 'check-schemas') {
    checkSchemas(operation.inputSchema, operation.outputSchema);
    return { answer: bareAnswer(readSuccess('', 'text', false)), used: undefined };
  }
  const input = operation.kind === 'run' ? checkInput(operation) : { text: '' };
  if ('outcome' in input) return { answer: bareAnswer(input.outcome), used: undefined };

  const begin = performance.now();
  const component = isCall(operation) ? rehearsed(asked) : asked;
  const { call, start, origin, preparedMs } = instances.take(
    { component, limits, clock: guest.clock },
    guest.environment,
  );
  let instance: ToolInstance | undefined;
  let outcome: CallOutcome;
  let hasReturned = false;
  let ready = begin;
  try {
    instance = start();
    ready = performance.now();
    const text = textOf(instance, operation, input.text);
    hasReturned = true;
    outcome =
      Buffer.byteLength(text) > limits.maxOutputBytes
        ? failure(
            'output-too-large',
            `The tool returned more than the ${limits.maxOutputBytes} bytes it may.`,
          )
        : readText(text, operation);
  } catch (error) {
    if (error instanceof InvalidSchema) throw error;
    hasReturned ||= isErrorCase(error);
    outcome = readThrown(error, errorConvention(operation), instance, limits);
  }
  call.log.close();
  const fuelLeft = instance?.fuelLeft() ?? limits.maxFuel;
  if (fuelLeft < 0) outcome = outOfFuel(limits.maxFuel);
  return {
    answer: {
      outcome,
      memoryPeakBytes: instance?.memoryBytes() ?? 0,
      fuel: limits.maxFuel - Math.max(0, fuelLeft),
      readClock: call.clock.wasRead,
      refusals: call.refusals.list(),
      spent: {
        loadMs: 0,
        prepareMs: preparedMs + (ready - begin),
        runMs: performance.now() - ready,
        instance: origin,
      },
    },
    used: hasReturned && fuelLeft >= 0 ? instance : undefined,
  };
}

type RunOperation = Extract<Operation, { readonly kind: 'run' }>;
type ComponentOperation = Exclude<Operation, { readonly kind: 'check-schemas' }>;

/** Whether it is one of the calls that a component is there for. */
function isCall({ kind }: Operation): boolean {
  return kind === 'run' || kind === 'offer';
}

function textOf(instance: ToolInstance, operation: ComponentOperation, input: string): string {
  if (operation.kind === 'describe') return instance.describe();
  if (operation.kind === 'run') return instance.run(input);
  const work = instance.offered(operation.offer, operation.method);
  if (work === undefined) throw new NotOffered(`it has no ${operation.offer}`);
  return work(...operation.texts);
}

/** The interfaces of offers have no other way to fail. */
function errorConvention(operation: ComponentOperation): ResultConvention {
  if (operation.kind === 'describe') return 'text';
  return operation.kind === 'run' ? operation.convention : 'kami:result/1';
}

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
  if (operation.kind !== 'run') return readSuccess(text, 'text', false);
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
