import { mkdir, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runJson, runKami } from '../fixtures/kami-command.ts';
import { connect, textOf } from '../fixtures/mcp-client.ts';
import { filesBelow, type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools } from '../fixtures/wat-tools.ts';

interface Shown {
  readonly folder: string;
  readonly format: string;
  readonly bytes: number;
  readonly engines: readonly { readonly sha256: string; readonly bytes: number; readonly tools: number }[];
  readonly tools: readonly {
    readonly id: string;
    readonly component: string;
    readonly form: { readonly aloneBytes: number; readonly bytes: number; readonly reuse: string } | null;
  }[];
  readonly unneeded: Removed;
  readonly runFolders: { readonly count: number; readonly bytes: number };
}

interface Removed {
  readonly bytes: number;
  readonly kinds: readonly { readonly kind: string; readonly count: number; readonly bytes: number }[];
}

const { shout, parrot } = honestTools;
const call = ['exec', 'test.wat.parrot', '--input', '{"text":"x"}'];
const said = '{"text":"x","times":1}';

let data: TempFolder;
let options: { readonly dataDir: string };
const inCache = async (part = '') =>
  (await filesBelow(data.path)).filter((name) => name.startsWith(`cache/${part}`));
const show = async (...flags: string[]) => (await runJson<Shown>(['cache', ...flags], options)).json;
const prune = async (...flags: string[]) =>
  (await runJson<Removed>(['cache', 'prune', ...flags], options)).json;
const kinds = ({ kinds: found }: Removed) => found.map(({ kind, count }) => [kind, count]);

beforeAll(async () => {
  data = await tempFolder();
  options = { dataDir: data.path };
});
afterAll(() => data[Symbol.asyncDispose]());

describe('kami cache', () => {
  it('says that there is nothing, where nothing is', async () => {
    expect((await runKami(['cache'], options)).stdout).toBe(
      'The cache is empty: nothing was compiled yet.\n',
    );
    expect((await runKami(['cache', 'prune'], options)).stdout).toMatch(/^There is nothing to remove: /);
    expect((await runKami(['cache', 'verify'], options)).stdout).toBe('The cache is empty.\n');
    expect(await show()).toMatchObject({
      bytes: 0,
      tools: [],
      engines: [],
      unneeded: { bytes: 0, kinds: [] },
    });
  });

  it('shows what each tool takes, and what they share', async () => {
    await installWatTools({ shout, parrot }, options);
    const { folder, format, bytes, tools, engines, unneeded } = await show('show');
    expect(folder).toBe(join(data.path, 'cache'));
    expect(tools.map(({ id }) => id)).toEqual(['test.wat.parrot', 'test.wat.shout']);
    for (const { form } of tools) {
      expect(['reset', 'ahead', 'none']).toContain(form?.reuse);
      expect(form?.aloneBytes).toBeLessThan(form?.bytes ?? 0);
    }
    expect(engines.map(({ tools: count }) => count)).toEqual([1, 1]);
    expect(unneeded.kinds).toEqual([]);
    const sizes = await Promise.all(
      (await inCache()).map(async (name) => (await readFile(join(data.path, name))).length),
    );
    expect(bytes).toBe(sizes.reduce((sum, size) => sum + size));
    expect((await inCache()).every((name) => name.startsWith(`cache/components/${format}/`))).toBe(true);

    const { stdout } = await runKami(['cache'], options);
    expect(stdout).toMatch(/^TOOL +ENGINE +SNAPSHOT +ALONE +A CALL GETS$/m);
    expect(stdout).toMatch(/^test\.wat\.shout +[0-9a-f]{12} .* an? (new )?instance\b.*$/m);
    expect(stdout).not.toContain('Not needed');
  });

  it('prunes what no installed tool needs, and says before what that would be', async () => {
    await runKami(['run', join(data.path, 'packages/shout/tool.wasm'), '--input', '{}'], options);
    const other = join(data.path, 'cache/components/jco-transpile-0.0.1-1/files');
    await mkdir(other, { recursive: true });
    await writeFile(join(other, 'left'), 'left over');
    const half = join(data.path, 'cache/components', (await show()).format, 'files/.staging-1-x');
    await writeFile(half, 'half');
    const long = new Date(Date.now() - 2 * 60 * 60_000);
    await utimes(half, long, long);

    const before = await inCache();
    const expected = [
      ['other-format', 1],
      ['half', 1],
      ['scratch', 1],
    ];
    const shown = await runJson<Shown>(['cache'], options);
    expect(kinds(shown.json.unneeded)).toEqual(expected);
    expect(shown.stderr).toContain('Other versions of KAMI left 9 B');
    expect((await runKami(['cache'], options)).stdout).toContain(
      'Not needed (kami cache prune removes it):\n',
    );
    const planned = await prune('--dry-run');
    expect(planned).toMatchObject({ status: 'would-prune' });
    expect(await inCache()).toEqual(before);
    const pruned = await prune();
    expect(pruned).toEqual({ ...planned, status: 'pruned' });
    expect(kinds(pruned)).toEqual(expected);
    expect((await inCache()).some((name) => name.includes('scratch') || name.includes('0.0.1'))).toBe(false);
    expect((await show()).tools.every(({ form }) => form !== null)).toBe(true);
    expect((await runKami(['cache', 'prune'], options)).stdout).toMatch(/^There is nothing to remove: /);
  });

  it('prunes the forms of components that are not in the registry at hand', async () => {
    const pruned = await prune('--db', join(data.path, 'other.db'));
    expect(kinds(pruned)).toEqual([['form', 2]]);
    expect(await inCache()).toEqual([]);
    expect((await show()).tools.map(({ form }) => form)).toEqual([null, null]);
    expect((await runKami(call, options)).stdout.trim()).toBe(said);
    expect((await runKami(['cache'], options)).stdout).toMatch(
      /^test\.wat\.shout +- .*to wait: nothing is compiled yet$/m,
    );
  });

  it('keeps what tools tried with kami run wrote, until all is to go', async () => {
    const component = join(data.path, 'packages/shout/tool.wasm');
    await runKami(['run', component, '--grant', 'fs=sandbox', '--input', '{}'], options);
    const [folder] = await runFoldersOf(data.path);
    await writeFile(join(folder ?? '', 'note'), 'written by a tool');
    expect((await show()).runFolders).toEqual({ count: 1, bytes: 17 });
    expect(kinds(await prune())).toEqual([['scratch', 1]]);
    expect(await inCache('run')).toHaveLength(1);
    expect(kinds(await prune('--all'))).toEqual([
      ['form', 1],
      ['run-folder', 1],
    ]);
    expect(await inCache()).toEqual([]);
    expect((await runKami(call, options)).stdout.trim()).toBe(said);
  });

  it('removes damaged files, which are then made anew', async () => {
    const [name = ''] = (await inCache()).filter((file) => file.endsWith('.js'));
    await truncate(join(data.path, name), 100);
    const seen = await runKami(['cache', 'verify', '--dry-run'], options);
    expect(seen.stdout).toContain(join(data.path, name));
    const checked = (await inCache()).length;
    const report = await runJson(['cache', 'verify'], options);
    expect(report.json).toEqual({ checked, damaged: [join(data.path, name)], removed: true });
    expect((await show()).tools.map(({ form }) => form)).toEqual([null, null]);
    expect((await runKami(call, options)).stdout.trim()).toBe(said);
    expect((await runKami(['cache', 'verify'], options)).stdout).toBe(
      `All ${checked} files are as they were written.\n`,
    );
  });

  it.each(['cache show --all', 'cache verify --all', 'cache --dry-run', 'cache clean', 'cache prune more'])(
    'does not take: %s',
    async (words) => {
      const run = await runKami(words.split(' '), options);
      expect(run.exitCode).toBe(2);
      expect(run.stderr).toContain('KAMI_USAGE');
    },
  );
});

describe('a store that is damaged or filled by many', () => {
  let own: TempFolder;
  let mine: { readonly dataDir: string };
  const exec = (name: 'parrot' | 'shout') => {
    const input = name === 'parrot' ? '{"text":"x"}' : '{"say":"hello"}';
    return runKami(['exec', `test.wat.${name}`, '--input', input], mine);
  };
  const answers = { parrot: said, shout: '{"SAY":"HELLO"}' } as const;
  const stored = async () =>
    (await filesBelow(own.path)).filter((name) => name.startsWith('cache/components'));
  const expectWhole = async () => {
    const { json } = await runJson<{ damaged: unknown; checked: number }>(['cache', 'verify'], mine);
    expect(json).toMatchObject({ damaged: [], checked: (await stored()).length });
  };

  beforeAll(async () => {
    own = await tempFolder();
    mine = { dataDir: own.path };
    await installWatTools({ parrot, shout }, mine);
  });
  afterAll(() => own[Symbol.asyncDispose]());

  it('answers rightly and mends it, whichever file it is and whatever became of it', async () => {
    const damages: readonly ((path: string) => Promise<unknown>)[] = [
      async (path) =>
        writeFile(
          path,
          (await readFile(path)).map((byte, at) => (at === 40 ? byte ^ 4 : byte)),
        ),
      (path) => truncate(path, 0),
      async (path) => {
        await rm(path);
        await mkdir(join(path, 'folder'), { recursive: true });
      },
    ];
    const names = await stored();
    expect(names.length).toBeGreaterThan(5);
    for (const [index, name] of names.entries()) {
      await damages[index % damages.length]?.(join(own.path, name));
      for (const tool of ['parrot', 'shout'] as const) {
        const { stdout, stderr } = await exec(tool);
        expect(stdout.trim(), `${name}: ${stderr}`).toBe(answers[tool]);
      }
      expect(await stored()).toEqual(names);
      await expectWhole();
    }
  });

  it("runs no other tool's code because of a record that was put in the place of its own", async () => {
    const [left = '', right = ''] = (await stored()).filter((name) => name.includes('/forms/'));
    const [one, other] = [await readFile(join(own.path, left)), await readFile(join(own.path, right))];
    await writeFile(join(own.path, left), other);
    await writeFile(join(own.path, right), one);
    for (const tool of ['parrot', 'shout'] as const) {
      expect((await exec(tool)).stdout.trim()).toBe(answers[tool]);
    }
    await expectWhole();
  });

  it('lets processes fill it at the same time, with the same tool and with others', async () => {
    await runKami(['cache', 'prune', '--all'], mine);
    const tools = ['parrot', 'shout', 'parrot', 'shout', 'parrot'] as const;
    const runs = await Promise.all(tools.map(exec));
    expect(runs.map(({ stdout }) => stdout.trim())).toEqual(tools.map((tool) => answers[tool]));
    await expectWhole();
    const { json } = await runJson<Shown>(['cache'], mine);
    expect(json.tools.every(({ form }) => form !== null)).toBe(true);
    expect(json.unneeded.kinds).toEqual([]);
  });
});

async function runFoldersOf(dataDir: string): Promise<readonly string[]> {
  const folder = join(dataDir, 'cache/run');
  return (await readdir(folder)).map((name) => join(folder, name));
}

describe('a server whose cache is pruned', () => {
  it('answers as before: on the thread that knows the tool, on new ones, and for tools not called so far', async () => {
    await using own = await tempFolder();
    const mine = { dataDir: own.path };
    await installWatTools({ shout, parrot }, mine);
    await using server = await connect(mine);
    const answers = async (count: number) => {
      const calls = Array.from({ length: count }, () => server.call('test_wat_parrot', { text: 'x' }));
      return (await Promise.all(calls)).map(textOf);
    };
    expect(await answers(1)).toEqual([said]);
    for (const count of [1, 4, 4]) {
      expect((await runKami(['cache', 'prune', '--all'], mine)).exitCode).toBe(0);
      expect(await answers(count)).toEqual(Array.from({ length: count }, () => said));
    }
    expect((await runKami(['cache', 'prune', '--all'], mine)).exitCode).toBe(0);
    expect(textOf(await server.call('test_wat_shout', { say: 'hello' }))).toBe('{"SAY":"HELLO"}');
  });
});
