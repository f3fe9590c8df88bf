import { appendFile, cp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exampleFolders, guestFolder } from '../fixtures/guests.ts';
import { runJson, runKami } from '../fixtures/kami-command.ts';
import { connect, textOf } from '../fixtures/mcp-client.ts';
import { filesBelow, tempFolder } from '../fixtures/temp-folder.ts';

/** A call of each example, and what answers it. */
const calls: Readonly<Record<string, { input: object; exitCode: 0 | 3; says: string }>> = {
  'hello-world': { input: { name: 'Ada' }, exitCode: 0, says: 'Hello, Ada!' },
  echo: { input: { message: 'hi', tone: 'loud' }, exitCode: 0, says: 'HI' },
  'json-transform': {
    input: { rows: [{ a: 2 }, { a: 1 }], sort: [{ field: 'a' }] },
    exitCode: 0,
    says: '[{"a":1},{"a":2}]',
  },
  'http-fetch': { input: { url: 'https://example.com/' }, exitCode: 3, says: "can't be reached" },
};

interface Result {
  readonly content: readonly { readonly text?: string }[];
  readonly isError: boolean;
  readonly durationMs: number;
  readonly memoryPeakBytes: number;
  readonly refusals: readonly { readonly capability: string; readonly subject: string }[];
}

interface Listed {
  readonly tools: readonly Readonly<Record<string, unknown>>[];
  readonly total: number;
}

it('has a call for every example', () => {
  expect(
    exampleFolders()
      .map((folder) => basename(folder))
      .sort(),
  ).toEqual(Object.keys(calls).sort());
});

describe.each(exampleFolders().map((folder) => [basename(folder), folder]))(
  'the example %s',
  (name, folder) => {
    const id = `dev.kami.${name}`;
    const mcpName = `dev_kami_${name}`;
    const { input, exitCode, says } = calls[name] ?? { input: {}, exitCode: 0, says: '' };

    it('goes the whole way: install, list, inspect, exec, serve, uninstall', async () => {
      await using data = await tempFolder();
      const options = { dataDir: data.path };

      const installed = await runJson<Record<string, unknown>>(['install', folder, '--yes'], options);
      expect(installed.exitCode, installed.stderr).toBe(0);
      expect(installed.json).toMatchObject({ status: 'installed', id, version: '1.0.0', mcpName });

      const listed = await runJson<Listed>(['list'], options);
      expect(listed.json.total).toBe(1);
      expect(listed.json.tools).toEqual([
        expect.objectContaining({ id, version: '1.0.0', enabled: true, mcpName }),
      ]);

      const inspected = await runJson<Record<string, unknown>>(['inspect', id], options);
      expect(inspected.json).toMatchObject({ id, mcpName, inputSchema: { type: 'object' } });

      const called = await runJson<Result>(['exec', id, '--input', JSON.stringify(input)], options);
      expect(called.exitCode, called.stderr).toBe(exitCode);
      expect(called.json.isError).toBe(exitCode === 3);
      expect(called.json.content[0]?.text).toContain(says);
      expect(called.json.durationMs).toBeGreaterThan(0);
      expect(called.json.memoryPeakBytes).toBeGreaterThan(0);

      {
        await using server = await connect(options);
        const { tools } = await server.client.listTools();
        expect(tools.map((tool) => tool.name)).toEqual([mcpName]);
        const result = await server.call(mcpName, { ...input });
        expect(textOf(result)).toContain(says);
        expect(result.isError === true).toBe(exitCode === 3);
      }

      const gone = await runJson<Record<string, unknown>>(['uninstall', id], options);
      expect(gone.json).toEqual({ status: 'uninstalled', id });
      expect(await filesBelow(data.path)).toEqual(['registry.db']);
      expect((await runJson<Listed>(['list'], options)).json).toEqual({ tools: [], total: 0 });
    });
  },
);

describe('a tool that is installed again', () => {
  it('is unchanged while it is there, and works as before after it was removed', async () => {
    await using data = await tempFolder();
    const options = { dataDir: data.path };
    const install = ['install', guestFolder('list'), '--yes'];
    const call = ['exec', 'test.kami.list', '--input', '{"to":2}'];
    const status = async () => (await runJson<{ status: string }>(install, options)).json.status;

    expect(await status()).toBe('installed');
    expect(await status()).toBe('unchanged');
    expect((await runJson<Listed>(['list'], options)).json.total).toBe(1);
    expect((await runKami(call, options)).stdout).toBe('[1,2]\n');
    await runKami(['uninstall', 'test.kami.list'], options);
    expect((await runKami(call, options)).exitCode).toBe(1);
    expect(await status()).toBe('installed');
    expect((await runKami(call, options)).stdout).toBe('[1,2]\n');
  });
});

describe('what a call asks the network for', () => {
  it('is refused and named in the result and on stderr', async () => {
    await using data = await tempFolder();
    const options = { dataDir: data.path };
    const folder = exampleFolders().find((path) => basename(path) === 'http-fetch') ?? '';
    await runKami(['install', folder, '--deny-all', '--yes'], options);
    const call = ['exec', 'dev.kami.http-fetch', '--input', '{"url":"https://example.com/page"}'];
    const { json } = await runJson<Result>(call, options);
    expect(json.refusals).toEqual([
      { capability: 'network', subject: 'https://example.com', count: 1, grant: 'net=example.com' },
    ]);
    const plain = await runKami(call, options);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).toContain('The sandbox refused: network https://example.com');
    expect(plain.stderr).toContain('Allow it: kami grant dev.kami.http-fetch net=example.com');
  });
});

describe('a project whose build is not there or not of its sources', () => {
  it('is not installed, and says which command builds it', async () => {
    await using data = await tempFolder();
    const project = join(data.path, 'project');
    await cp(guestFolder('list'), project, { recursive: true });
    const dataDir = join(data.path, 'data');
    await appendFile(join(project, 'src/tool.ts'), '\n// changed\n');
    const stale = await runKami(['install', project, '--yes'], { dataDir, cwd: data.path });
    expect(stale.exitCode).toBe(1);
    expect(stale.stderr).toContain('KAMI_BUILD_STALE');
    expect(stale.stderr).toContain('src/tool.ts');
    expect(stale.stderr).toContain(`kami build ${project}`);

    await rm(join(project, 'dist'), { recursive: true });
    const unbuilt = await runKami(['install', project, '--yes'], { dataDir, cwd: data.path });
    expect(unbuilt.exitCode).toBe(1);
    expect(unbuilt.stderr).toContain('KAMI_BUILD_MISSING');
    expect(unbuilt.stderr).toContain(`kami build ${project}`);

    expect((await runJson<Listed>(['list'], { dataDir, cwd: data.path })).json.total).toBe(0);
  });
});

describe('exit codes', () => {
  it('tell success, error, wrong usage and a failed tool apart', async () => {
    await using data = await tempFolder();
    const options = { dataDir: data.path };
    await runKami(['install', guestFolder('hostile'), '--yes'], options);
    const exec = (mode: string) => ['exec', 'test.kami.hostile', '--input', JSON.stringify({ mode })];
    const cases: readonly (readonly [readonly string[], number])[] = [
      [exec('echo'), 0],
      [['list'], 0],
      [['--help'], 0],
      [['--version'], 0],
      [['exec', 'test.kami.nobody'], 1],
      [['inspect', 'test.kami.nobody'], 1],
      [['uninstall', 'test.kami.nobody'], 1],
      [exec('no such mode'), 2],
      [['exec', 'test.kami.hostile', '--input', '{'], 2],
      [['exec', 'test.kami.hostile', '--input', '[]'], 2],
      [['no-such-command'], 2],
      [['list', '--no-such-flag'], 2],
      [[], 2],
      [['exec'], 2],
      [exec('throw-error'), 3],
      [exec('allocate-typed-arrays'), 3],
    ];
    for (const [args, exitCode] of cases) {
      const run = await runKami(args, options);
      expect(run.exitCode, `${args.join(' ')}: ${run.stderr}`).toBe(exitCode);
    }
  });
});

describe('where the arguments come from', () => {
  it('is the flag, a file or stdin, all alike', async () => {
    await using data = await tempFolder();
    const options = { dataDir: data.path };
    await runKami(['install', guestFolder('list'), '--yes'], options);
    const file = join(data.path, 'input.json');
    await writeFile(file, '{"to":3}');
    const flag = await runKami(['exec', 'test.kami.list', '--input', '{"to":3}'], options);
    const fromFile = await runKami(['exec', 'test.kami.list', '--input-file', file], options);
    const stdin = await runKami(['exec', 'test.kami.list', '--input-file', '-'], {
      ...options,
      input: '{"to":3}',
    });
    expect([flag.stdout, fromFile.stdout, stdin.stdout]).toEqual(['[1,2,3]\n', '[1,2,3]\n', '[1,2,3]\n']);
  });
});
