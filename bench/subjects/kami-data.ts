import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  hostInstallDeps,
  installTool,
  loadConfig,
  openToolHost,
  parseGrantItem,
  parseToolId,
  resolveSource,
  type ToolHost,
} from 'kami-host';
import { atEnd } from '../cleanup.ts';
import { toolsDir } from '../places.ts';
import { type WorkName, workNames } from '../work/works.ts';

/** What installing a tool added to the folder, after those before it; bytes. */
export interface InstalledSize {
  readonly all: number;
  /** Of it, what is made from the component and could be made again. */
  readonly derived: number;
}

/** Data folders with installed tools. */
export interface KamiData {
  /** Fills the folders for these numbers of tools: 1, 4, 50, 1000. */
  readonly prepare: (toolCounts: readonly number[]) => Promise<void>;
  /** @param tools how many are installed in it */
  readonly folder: (tools: number) => string;
  /** Environment of a process that uses the folder. */
  readonly settings: (tools: number) => Record<string, string>;
  /** Of the works in their order; measured while the folder for all of them is filled. */
  readonly sizes: () => readonly InstalledSize[];
}

const idOf = (name: string) => parseToolId(`dev.kami.bench.${name}`);
/** What the bench does in a minute is more than a tool may by default. */
const unlimited = {
  KAMI_RUNTIME_CALLS_PER_MINUTE: '1000000',
  KAMI_RUNTIME_DEFAULT_CALLS_PER_MINUTE: '100000',
};

/** @param origin what the fetching tool is granted */
export function createKamiData(origin: string): KamiData {
  let parent = '';
  const folder = (tools: number) => path.join(parent, `tools-${tools}`);
  const settings = (tools: number) => ({
    ...unlimited,
    HOME: folder(tools),
    KAMI_DATA_DIR: folder(tools),
  });
  const open = (tools: number) => {
    mkdirSync(folder(tools), { recursive: true });
    return openToolHost(loadConfig({ env: settings(tools), cwd: folder(tools), homeDir: folder(tools) }));
  };
  const sizes: InstalledSize[] = [];
  const made = new Map<number, Promise<void>>();
  const once = (tools: number): Promise<void> => {
    const known = made.get(tools) ?? make(tools);
    made.set(tools, known);
    return known;
  };

  async function make(tools: number): Promise<void> {
    if (tools > workNames.length) {
      await once(workNames.length);
      cpSync(folder(workNames.length), folder(tools), { recursive: true });
    }
    const host = await open(tools);
    try {
      if (tools > workNames.length) register(host, tools);
      else {
        for (const work of workNames.slice(0, tools)) {
          const [all, derived] = sizesIn(folder(tools));
          await install(host, work);
          const [allNow, derivedNow] = sizesIn(folder(tools));
          if (tools === workNames.length) sizes.push({ all: allNow - all, derived: derivedNow - derived });
        }
      }
    } finally {
      await host.close();
    }
  }

  /** The first call comes to the end of what an installation leaves to do; a wrong input is enough for it. */
  async function install(host: ToolHost, work: WorkName): Promise<void> {
    const add = work === 'fetch' ? [parseGrantItem(`net=${origin}`)] : [];
    await installTool(hostInstallDeps(host), await resolveSource(path.join(toolsDir, work)), {
      grants: { change: { add, remove: [] }, grantor: { by: 'bench', at: new Date() } },
    });
    await host.call(idOf(work), {});
  }

  return {
    folder,
    settings,
    sizes: () => sizes,
    async prepare(toolCounts) {
      if (parent === '') {
        parent = mkdtempSync(path.join(tmpdir(), 'kami-bench-'));
        atEnd(() => rmSync(parent, { recursive: true, force: true }));
      }
      for (const tools of toolCounts) await once(tools);
    },
  };
}

/** Enters the echo under other ids: they share its component, which nothing looks at before it is called. */
function register({ registry: { tools } }: ToolHost, count: number): void {
  const echo = tools.find(idOf('echo'));
  if (echo === undefined) throw new Error('the echo is not installed');
  tools.transaction(() => {
    for (let number = workNames.length + 1; number <= count; number++) {
      tools.insert({ ...echo, id: idOf(`echo-${number}`), name: `Echo ${number}` });
    }
  });
}

/** Everything in a data folder, and its cache alone. */
function sizesIn(folder: string): readonly [number, number] {
  return [sizeOf(folder), sizeOf(path.join(folder, 'cache'))];
}

function sizeOf(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((total, { parentPath, name }) => total + statSync(path.join(parentPath, name)).size, 0);
}
