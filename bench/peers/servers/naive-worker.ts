// The next obvious sandbox: a new worker thread with a new instance for every call. Modules are compiled once and
// handed to the threads.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { WorkName } from '../../work/works.ts';
import { answerText, type Cores, loadCore } from './naive-component.ts';
import { serveNaively } from './naive-server.ts';

const built = process.argv[3] ?? '';
const loaded = new Map<WorkName, Cores>();

serveNaively(async (work, input) => {
  const folder = path.join(built, work);
  const cores = loaded.get(work) ?? loadCores(folder);
  loaded.set(work, cores);
  const worker = new Worker(new URL('naive-thread.js', import.meta.url), {
    workerData: { folder, cores, input },
  });
  try {
    return answerText(
      await new Promise<string>((resolve, reject) => {
        worker.once('message', resolve).once('error', reject);
        worker.once('exit', () => reject(new Error('the thread ended without an answer')));
      }),
    );
  } finally {
    void worker.terminate();
  }
});

function loadCores(folder: string): Cores {
  const names = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
  return new Map(names.map((name) => [name, loadCore(folder, name)]));
}
