import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buildOnce } from '../build-once.ts';
import { builtServers, peersDir, toolsDir } from '../places.ts';
import { runTool } from '../run-tool.ts';
import { workNames } from '../work/works.ts';
import type { Subject } from './subject.ts';

const built = path.join(peersDir, 'built', 'transpiled');
const server = (file: string) => path.join(builtServers, file);
const shared = {
  sandboxed: true,
  fresh: true,
  // More tools than there are transpiled would only list more names.
  toolCounts: [1, 4],
  prepare: transpile,
} as const;

export const naiveInstance: Subject = {
  ...shared,
  name: 'naive-instance',
  title: 'jco, new instance a call',
  command: (tools) => ({ args: [server('naive-instance.js'), String(tools), built] }),
  toolName: (work) => work,
};

export const naiveWorker: Subject = {
  ...shared,
  name: 'naive-worker',
  title: 'jco, new worker a call',
  command: (tools) => ({ args: [server('naive-worker.js'), String(tools), built] }),
  toolName: (work) => work,
};

/** The same components as KAMI runs, by `jco transpile`. */
async function transpile(): Promise<void> {
  const jco = path.join(peersDir, 'node_modules/@bytecodealliance/jco/dist/jco.js');
  const lock = readFileSync(path.join(peersDir, 'package-lock.json'));
  for (const work of workNames) {
    const component = path.join(toolsDir, work, 'dist', `${work}.wasm`);
    const folder = path.join(built, work);
    await buildOnce(folder, [lock, readFileSync(component)], async () => {
      const flags = ['--instantiation', 'async', '--name', 'tool', '--minify', '--no-typescript'];
      await runTool([process.execPath, jco, 'transpile', component, '-o', folder, ...flags], {
        cwd: peersDir,
      });
    });
  }
}
