import { KamiError } from '../errors/kami-error.ts';
import { forkConfined, watchMemory } from '../process/confined-process.ts';
import type { IntakeAnswer, IntakeRequest, TranspiledComponent } from './intake-main.ts';
import { invalidComponent, maxComponentBytes, tooLargeComponent } from './interfaces.ts';

const intakeTimeoutMs = 60_000;
const intakeHeapMb = 1_024;
const intakeMemoryBytes = 1_536 * 1024 * 1024;

/**
 * Checks a component and turns it into JavaScript and core modules that V8 can run. All of it happens in a
 * process of its own with limits on time and memory: these are the first eyes on a stranger's bytes.
 * @throws KamiError as `checkInterfaces` and `checkImportedTypes`, and `KAMI_COMPONENT_INVALID`
 */
export async function transpileComponent(bytes: Uint8Array, source: string): Promise<TranspiledComponent> {
  // Before the bytes are copied to another process.
  if (bytes.length > maxComponentBytes) throw tooLargeComponent(bytes.length, source);
  const answer = await inProcess({ bytes, source });
  if (answer.status === 'refused') throw new KamiError(answer.code, answer.init);
  return answer.component;
}

async function inProcess(request: IntakeRequest): Promise<IntakeAnswer> {
  const { source } = request;
  const child = forkConfined({ module: 'component/intake-main', allowWorkers: false, heapMb: intakeHeapMb });
  const { promise, resolve, reject } = Promise.withResolvers<IntakeAnswer>();
  const stop = (why: string) => {
    reject(invalidComponent(source, why));
    child.kill('SIGKILL');
  };
  const timer = setTimeout(
    () => stop(`looking at it takes more than ${intakeTimeoutMs / 1000} s`),
    intakeTimeoutMs,
  );
  const unwatch = watchMemory(
    child.pid ?? 0,
    () => intakeMemoryBytes,
    () => stop(`looking at it takes more than ${intakeMemoryBytes / 1024 / 1024} MB`),
  );
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-2_000);
  });
  child.once('message', (answer) => resolve(answer as IntakeAnswer));
  child.once('error', (cause) => reject(notStarted(cause)));
  child.once('exit', (code, signal) => {
    const heap = lastWords.includes('heap out of memory');
    stop(
      heap
        ? `looking at it takes more than ${intakeHeapMb} MB`
        : `looking at it ended with ${signal ?? `exit code ${code}`}`,
    );
  });
  try {
    child.send(request);
    return await promise;
  } finally {
    clearTimeout(timer);
    unwatch();
    child.kill('SIGKILL');
  }
}

function notStarted(cause: Error): KamiError {
  return new KamiError('KAMI_INTERNAL', {
    message: `KAMI could not start the process that looks at components: ${cause.message}.`,
    fix: 'Report this with the output of the same command and --verbose.',
    cause,
  });
}
