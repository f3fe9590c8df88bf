import { Worker } from 'node:worker_threads';
import { KamiError } from '../errors/kami-error.ts';
import { siblingModule } from '../model/sibling-module.ts';
import { MalformedBinary } from './binary-reader.ts';
import { type BoundModule, boundModule } from './bound-module.ts';
import { checkCoreNames } from './core-names.ts';
import { checkCoreTypes } from './core-types.ts';
import { checkInterfaces, invalidComponent } from './interfaces.ts';
import type { TranspileAnswer, TranspileRequest } from './transpile-worker.ts';

/** A component taken apart: the JavaScript that links it, and its core modules with bounded memories and tables. */
export interface TranspiledComponent {
  readonly glue: Uint8Array;
  readonly modules: readonly (BoundModule & { readonly name: string })[];
}

const transpileTimeoutMs = 60_000;
const transpileHeapMb = 1_024;
const glueFile = 'component.js';

/**
 * Turns a component into JavaScript and core modules that V8 can run. It happens in a worker thread with a
 * time limit of its own, since the bytes come from a stranger.
 * @throws KamiError as `checkInterfaces`, and `KAMI_COMPONENT_INVALID`
 */
export async function transpileComponent(bytes: Uint8Array, source: string): Promise<TranspiledComponent> {
  checkInterfaces(bytes, source);
  const answer = await inWorker({ bytes }, source);
  if (answer.status === 'rejected') throw invalidComponent(source, answer.detail);

  const glue = answer.files.find(([name]) => name === glueFile)?.[1];
  if (glue === undefined) throw invalidComponent(source, 'it has nothing to link');
  const modules = answer.files
    .filter(([name]) => name.endsWith('.wasm'))
    .map(([name, content]) => ({ name, ...bound(content, source) }));
  return { glue, modules };
}

function bound(content: Uint8Array, source: string): BoundModule {
  try {
    checkCoreNames(content);
    checkCoreTypes(content);
    return boundModule(content);
  } catch (cause) {
    if (!(cause instanceof MalformedBinary)) throw cause;
    throw invalidComponent(source, cause.message, cause);
  }
}

async function inWorker(request: TranspileRequest, source: string): Promise<TranspileAnswer> {
  const worker = new Worker(siblingModule(import.meta.url, 'component/transpile-worker'), {
    workerData: request,
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: transpileHeapMb },
  });
  const { promise, resolve, reject } = Promise.withResolvers<TranspileAnswer>();
  const timer = setTimeout(
    () => reject(invalidComponent(source, `it can't be taken apart within ${transpileTimeoutMs / 1000} s`)),
    transpileTimeoutMs,
  );
  worker.once('message', resolve);
  worker.once('error', (cause) => {
    const outOfMemory = (cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    reject(
      outOfMemory
        ? invalidComponent(source, `it takes more than ${transpileHeapMb} MB to take apart`, cause)
        : new KamiError('KAMI_INTERNAL', {
            message: `KAMI could not start the process that takes components apart: ${String(cause)}.`,
            fix: 'Report this with the output of the same command and --verbose.',
            cause,
          }),
    );
  });
  worker.once('exit', (code) =>
    reject(invalidComponent(source, `taking it apart ended with exit code ${code}`)),
  );
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
