// The obvious sandbox: a new instance for every call, in the server's own thread.
import path from 'node:path';
import type { WorkName } from '../../work/works.ts';
import { answerText, instantiateTool, loadCore, loadGlue } from './naive-component.ts';
import { serveNaively } from './naive-server.ts';

const built = process.argv[3] ?? '';
const loaded = new Map<WorkName, ReturnType<typeof load>>();

serveNaively(async (work, input) => {
  let ready = loaded.get(work);
  if (ready === undefined) {
    ready = load(path.join(built, work));
    loaded.set(work, ready);
  }
  const { glue, core } = await ready;
  const tool = await instantiateTool(glue, core);
  return answerText(tool.run(input));
});

async function load(folder: string) {
  const cores = new Map<string, WebAssembly.Module>();
  const core = (name: string) => {
    const known = cores.get(name) ?? loadCore(folder, name);
    cores.set(name, known);
    return known;
  };
  return { glue: await loadGlue(folder), core };
}
