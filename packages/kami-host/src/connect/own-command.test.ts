import { existsSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempFolder } from '../../test/fixtures/temp-folder.ts';
import { isSameFile, ownCommand, passingPlace } from './own-command.ts';

it('this very KAMI is a Node and a file that are there', () => {
  const { node, bin } = ownCommand();
  expect(node).toBe(process.execPath);
  expect(bin).toMatch(/kami-host[\\/]bin[\\/]kami\.js$/);
  expect(existsSync(bin)).toBe(true);
});

it.each([
  ['/home/ada/.npm/_npx/5f1/node_modules/kami-host/bin/kami.js', "npx's cache"],
  ['/home/ada/.cache/pnpm/dlx-81/node_modules/.bin/kami', 'run once'],
  ['/run/user/1000/fnm_multishells/3_17/bin/node', 'fnm removes'],
  [join(tmpdir(), 'x', 'kami.js'), 'a temporary folder'],
  ['/usr/lib/node_modules/kami-host/bin/kami.js', undefined],
  ['/home/ada/.nvm/versions/node/v24.1.0/bin/node', undefined],
])('%s is in a place that stays, or it is said that it does not', (path, words) => {
  if (words === undefined) expect(passingPlace(path)).toBeUndefined();
  else expect(passingPlace(path)).toContain(words);
});

it.skipIf(process.platform === 'win32')(
  'two names of one file are the same, and none is the same as none',
  async () => {
    await using folder = await tempFolder();
    const link = join(folder.path, 'link');
    await symlink(process.execPath, link);
    expect(isSameFile(link, process.execPath)).toBe(true);
    expect(isSameFile(link, join(folder.path, 'x'))).toBe(false);
    expect(isSameFile(join(folder.path, 'x'), join(folder.path, 'x'))).toBe(false);
  },
);
