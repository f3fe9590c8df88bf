import { parentPort, workerData } from 'node:worker_threads';
import { type Cores, instantiateTool, loadGlue } from './naive-component.ts';

interface Call {
  readonly folder: string;
  readonly cores: Cores;
  readonly input: string;
}

const { folder, cores, input } = workerData as Call;
const tool = await instantiateTool(await loadGlue(folder), (name) => {
  const core = cores.get(name);
  if (core === undefined) throw new Error(`there is no core module ${name}`);
  return core;
});
parentPort?.postMessage(tool.run(input));
