import { KamiError } from '../errors/kami-error.ts';
import { forkConfined, watchMemory } from '../process/confined-process.ts';
import { fewAtATime } from './few-at-a-time.ts';
import { type IntakeAnswer, type IntakeRequest, parseIntakeAnswer } from './intake-answer.ts';
import { invalidComponent, maxComponentBytes, tooLargeComponent } from './interfaces.ts';
import type { TranspiledComponent } from './transpiled-component.ts';

/** What looking at one component may take. */
export interface IntakeLimits {
  readonly timeoutMs: number;
  /** JavaScript heap, MB. */
  readonly heapMb: number;
  /** Of the whole process, MB. */
  readonly memoryMb: number;
}

/** Each may take a processor and a gigabyte; a server that starts with an empty cache wants many. */
const inTurn = fewAtATime(2);
const megabyte = 1024 * 1024;
/** V8 puts off compiling a function until it is called; what takes it down or for ever must do so here. */
const compileAtOnce = '--no-wasm-lazy-compilation';

/** A tool of 12 MB takes 1.5 s on an idle machine, and 350 MB. */
function limitsFor(size: number): IntakeLimits {
  const sizeMb = Math.ceil(size / megabyte);
  return { timeoutMs: 30_000 + sizeMb * 1_000, heapMb: 512 + sizeMb * 8, memoryMb: 768 + sizeMb * 24 };
}

/**
 * Checks a component and turns it into JavaScript and core modules that V8 can run. All of it happens in a
 * process of its own with limits on time and memory: these are the first eyes on a stranger's bytes.
 * @param limits grow with the size of the component unless given
 * @throws KamiError as `checkInterfaces` and `checkImportedTypes`, and `KAMI_COMPONENT_INVALID`
 */
export async function transpileComponent(
  bytes: Uint8Array,
  source: string,
  limits: Partial<IntakeLimits> = {},
): Promise<TranspiledComponent> {
  // Before the bytes are copied to another process.
  if (bytes.length > maxComponentBytes) throw tooLargeComponent(bytes.length, source);
  const answer = await inTurn(() => inProcess({ bytes, source }, { ...limitsFor(bytes.length), ...limits }));
  if (answer.status === 'refused') throw new KamiError(answer.code, answer.init);
  return answer.component;
}

async function inProcess(
  request: IntakeRequest,
  { heapMb, memoryMb, timeoutMs }: IntakeLimits,
): Promise<IntakeAnswer> {
  const { source } = request;
  const child = forkConfined({
    module: 'component/intake-main',
    allowWorkers: false,
    heapMb,
    v8Flags: [compileAtOnce],
  });
  const { promise, resolve, reject } = Promise.withResolvers<IntakeAnswer>();
  const refuse = (why: string, cause?: Error) => reject(invalidComponent(source, why, cause));
  const timer = setTimeout(() => refuse(`looking at it takes more than ${timeoutMs / 1000} s`), timeoutMs);
  const unwatch = watchMemory(child.pid ?? 0, {
    everyMs: 50,
    limitBytes: () => memoryMb * megabyte,
    onOver: () => refuse(`looking at it takes more than ${memoryMb} MB`),
  });
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-4_000);
  });
  let isReady = false;
  child.once('message', () => {
    isReady = true;
    child.once('message', (value) => {
      const answer = parseIntakeAnswer(value);
      if (answer === undefined) refuse('looking at it ended with an answer that is none');
      else resolve(answer);
    });
    // If it is gone before it has read this, its end says so.
    child.send(request, () => {});
  });
  child.once('error', (cause) => reject(notStarted(cause.message, cause)));
  // Not at `exit`: what it last wrote to stderr comes after that.
  child.once('close', (code, signal) => {
    const cause = new Error(lastWords);
    const end = `ended with ${signal ?? `exit code ${code}`}`;
    if (lastWords.includes('heap out of memory')) {
      refuse(`looking at it takes more than ${heapMb} MB`, cause);
    } else if (isReady) {
      refuse(`looking at it ${end}`, cause);
    } else {
      reject(notStarted(`it ${end}`, cause));
    }
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    unwatch();
    child.kill('SIGKILL');
  }
}

function notStarted(why: string, cause: Error): KamiError {
  return new KamiError('KAMI_INTERNAL', {
    message: `KAMI could not start the process that looks at components: ${why}.`,
    fix: 'Report this with the output of the same command and --verbose.',
    cause,
  });
}
