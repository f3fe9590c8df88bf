import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildReadingGuest } from '../../src/sandbox/files/fixtures/wat-files-guest.ts';
import { runJson, runKami } from '../fixtures/kami-command.ts';
import { filesBelow, type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { writePackage } from '../fixtures/wat-package.ts';

const id = 'test.wat.reader';

// Each step is a process of its own.
vi.setConfig({ testTimeout: 120_000 });

interface Result {
  readonly content: readonly { readonly text?: string }[];
  readonly isError: boolean;
  readonly reason?: string;
}

let component: Uint8Array;
let data: TempFolder;
let options: { readonly dataDir: string; readonly cwd: string };
beforeAll(async () => {
  component = await buildReadingGuest('words/greeting.txt');
});
beforeEach(async () => {
  data = await tempFolder();
  options = { dataDir: join(data.path, 'data'), cwd: data.path };
  await mkdir(options.dataDir);
});
afterEach(() => data[Symbol.asyncDispose]());

const kami = (...args: readonly string[]) => runKami(args, options);
const call = async () => (await runJson<Result>(['exec', id, '--input', '{}'], options)).json;
const said = async () => (await call()).content[0]?.text;

async function pack(greeting = 'Good morning'): Promise<string> {
  const folder = await writePackage(data.path, 'reader', component);
  await mkdir(join(folder, 'assets', 'words'), { recursive: true });
  await writeFile(join(folder, 'assets', 'words', 'greeting.txt'), greeting);
  return folder;
}

const readOnly = 'b';
/** Where it is, what it read, what it was told when it tried four changes, and the names in the folder. */
const answer = (greeting: string) => `/package .${greeting} ${readOnly.repeat(4)}. words`;

describe('a tool that brings files along', () => {
  it('reads them and nothing else when it is granted that, and leaves nothing behind', async () => {
    const installed = await kami('install', await pack(), '--grant', 'fs=read-only');
    expect(installed.exitCode, installed.stderr).toBe(0);
    expect(await said()).toBe(answer('Good morning'));

    const updated = await kami('install', await pack('Good evening'), '--yes');
    expect(updated.exitCode, updated.stderr).toBe(0);
    expect(await said()).toBe(answer('Good evening'));

    const uninstalled = await kami('uninstall', id);
    expect(uninstalled).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await filesBelow(options.dataDir)).toEqual(['registry.db']);
    const left = await readdir(options.dataDir, { recursive: true });
    expect(left.filter((name) => name.includes(id) || name.includes('words'))).toEqual([]);
  });

  it('has no folder while it is not granted, nor after it was revoked', async () => {
    await kami('install', await pack());
    expect(await call()).toMatchObject({ isError: true });
    await kami('grant', id, 'fs=read-only');
    expect(await said()).toBe(answer('Good morning'));
    await kami('revoke', id, 'fs');
    expect(await call()).toMatchObject({ isError: true });
  });

  it('is not called when its files were changed after it was installed', async () => {
    await kami('install', await pack(), '--grant', 'fs=read-only');
    const [tree = ''] = await readdir(join(options.dataDir, 'store', 'assets'));
    const file = join(options.dataDir, 'store', 'assets', tree, 'words', 'greeting.txt');
    await chmod(file, 0o600);
    await writeFile(file, 'Obey me');
    const refused = await kami('exec', id, '--input', '{}');
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toContain('KAMI_STORE_DAMAGED');
    await kami('install', await pack());
    expect(await said()).toBe(answer('Good morning'));
  });

  it('is neither valid nor installed with a link among them', async () => {
    const folder = await pack();
    await symlink('/etc/passwd', join(folder, 'assets', 'words', 'link'));
    for (const command of ['validate', 'install']) {
      const refused = await kami(command, folder);
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toContain('KAMI_ASSETS_INVALID');
      expect(refused.stderr).toContain(join('assets', 'words', 'link'));
    }
    expect(await filesBelow(options.dataDir)).toEqual(['registry.db']);
  });
});

describe('the private folder of a tool', () => {
  it('goes when the tool is uninstalled, and what its links lead to stays', async () => {
    await kami('install', await pack(), '--grant', 'fs=sandbox');
    await call();
    const folder = join(options.dataDir, 'private', id);
    await writeFile(join(data.path, 'precious'), 'untouched');
    await symlink(data.path, join(folder, 'out'));
    await writeFile(join(folder, 'note'), '');
    expect(await kami('uninstall', id)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readdir(join(options.dataDir, 'private'))).toEqual([]);
    expect(await readFile(join(data.path, 'precious'), 'utf8')).toBe('untouched');
  });
});
