import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestFolder } from '../fixtures/guests.ts';
import { runKami } from '../fixtures/kami-command.ts';
import { filesBelow, type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';

const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

let folder: TempFolder;
let project: string;
let command: string;

beforeAll(async () => {
  folder = await tempFolder();
  project = join(folder.path, 'operator');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{"private":true}');
  const [tarball] = npm(
    ['pack', packageFolder, '--ignore-scripts', '--pack-destination', folder.path],
    folder.path,
  )
    .trim()
    .split('\n')
    .slice(-1);
  npm(['install', join(folder.path, tarball ?? ''), '--no-audit', '--no-fund', '--prefer-offline'], project);
  command = join(project, 'node_modules/kami-host/bin/kami.js');
}, 180_000);
afterAll(() => folder[Symbol.asyncDispose]());

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', [...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
}

/** Names of all packages below a node_modules, nested ones too. */
async function packagesBelow(modules: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await readdir(modules)) {
    if (entry.startsWith('.')) continue;
    const scoped = entry.startsWith('@')
      ? (await readdir(join(modules, entry))).map((name) => `${entry}/${name}`)
      : [entry];
    for (const name of scoped) {
      names.push(name);
      const nested = join(modules, name, 'node_modules');
      if (existsSync(nested)) names.push(...(await packagesBelow(nested)));
    }
  }
  return names;
}

/** A `node` on PATH that is older than KAMI needs. */
function findOldNode(): string | undefined {
  for (const entry of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(entry, process.platform === 'win32' ? 'node.exe' : 'node');
    if (!existsSync(node)) continue;
    const [major = 0, minor = 0] = execFileSync(node, ['--version'], { encoding: 'utf8' })
      .slice(1)
      .split('.')
      .map(Number);
    if (major < 22 || (major === 22 && minor < 14)) return node;
  }
  return undefined;
}

describe('what an operator installs', () => {
  it('is a handful of packages, without compiler, bundler or transpiler', async () => {
    const packages = await packagesBelow(join(project, 'node_modules'));
    expect(packages).toContain('kami-host');
    expect(packages).toContain('better-sqlite3');
    expect(packages.length).toBeLessThanOrEqual(6);
    const foreign = packages.filter((name) =>
      /componentize|jco|preview2-shim|esbuild|rolldown|typescript|modelcontextprotocol|kami-guest/.test(name),
    );
    expect(foreign).toEqual([]);
  });

  it('is small, and has neither sources nor tests in it', async () => {
    const installed = join(project, 'node_modules/kami-host');
    const files = await filesBelow(installed);
    expect(files).toContain('LICENSE');
    expect(files).toContain(join('dist', 'THIRD-PARTY-LICENSES.txt'));
    expect(
      files.filter((file) => /^(src|test)|\.test\.|\.ts$/.test(file) && !file.endsWith('.d.ts')),
    ).toEqual([]);
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(installed, file))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(8 * 1024 * 1024);
  });

  it('names nothing of the machine that it was made on', async () => {
    const installed = join(project, 'node_modules/kami-host');
    for (const file of (await filesBelow(installed)).filter((name) => /\.(js|ts|json|txt)$/.test(name))) {
      expect((await readFile(join(installed, file), 'utf8')).includes(packageFolder), file).toBe(false);
    }
  });
});

describe('the command of the packed product', () => {
  it('validates, installs, runs, serves and removes a component that was built elsewhere', async () => {
    await using data = await tempFolder();
    const options = { dataDir: data.path, command };
    const built = join(folder.path, 'built');
    await cp(join(guestFolder('list'), 'dist'), built, { recursive: true });
    expect((await runKami(['validate', built], options)).stderr).not.toContain('error');
    expect((await runKami(['install', built, '--yes'], options)).exitCode).toBe(0);
    const called = await runKami(['exec', 'test.kami.list', '--input', '{"to":2}'], options);
    expect(called).toMatchObject({ exitCode: 0, stdout: '[1,2]\n' });
    const served = await runKami(['serve'], {
      ...options,
      input: `${JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
      })}\n`,
    });
    expect(served.exitCode, served.stderr).toBe(0);
    expect((await runKami(['uninstall', 'test.kami.list'], options)).exitCode).toBe(0);
  });

  it("says what to install where the author's tool chain is missing", async () => {
    await using data = await tempFolder();
    const source = join(data.path, 'project');
    await mkdir(join(source, 'src'), { recursive: true });
    await cp(join(guestFolder('list'), 'tool.toml'), join(source, 'tool.toml'));
    await cp(join(guestFolder('list'), 'src/tool.ts'), join(source, 'src/tool.ts'));
    const run = await runKami(['build', source], { dataDir: data.path, command });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('KAMI_TOOLCHAIN_MISSING');
    expect(run.stderr).toMatch(/fix: .*npm (i|install) .*kami-guest/);
  });

  const oldNode = findOldNode();
  it.skipIf(oldNode === undefined)(
    'says in one line on an old Node which one it needs, before anything is loaded',
    async () => {
      await using data = await tempFolder();
      for (const args of [['list'], ['--help'], ['serve'], []]) {
        const run = await runKami(args, { dataDir: data.path, command, node: oldNode ?? '' });
        expect(run.exitCode).toBe(1);
        expect(run.signal).toBeNull();
        expect(run.stdout).toBe('');
        expect(run.stderr).toMatch(
          /^error: KAMI needs Node\.js 22\.14 or newer, and this is \d+\.\d+\.\d+\..*\n$/,
        );
      }
      expect(await filesBelow(data.path)).toEqual([]);
    },
  );
});
