import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ToolId } from '../model/ids.ts';
import { privateFolder } from './kami-folder.ts';
import { createPrivateFolders, type PrivateFolders } from './private-folders.ts';

const kept = 'dev.example.kept' as ToolId;
const gone = 'dev.example.gone' as ToolId;

let folder: string;
let registry: { readonly path: string };
let folders: PrivateFolders;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kami-private-'));
  registry = { path: join(folder, 'registry.db') };
  folders = createPrivateFolders(registry);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function fill(id: ToolId): string {
  const place = privateFolder(registry.path, id);
  mkdirSync(join(place, 'deep'), { recursive: true });
  writeFileSync(join(place, 'deep', 'note'), id);
  return place;
}

describe('a sweep', () => {
  it('removes the folders of tools that are gone, and no others', async () => {
    for (const id of [kept, gone]) fill(id);
    writeFileSync(join(folder, 'private', 'README'), 'mine');
    expect(folders.sweep(new Set([kept]))).toEqual([]);
    expect(existsSync(privateFolder(registry.path, gone))).toBe(false);
    expect(await folders.removeSwept()).toEqual([]);
    expect(readdirSync(join(folder, 'private')).toSorted()).toEqual(['README', kept]);
    expect(readFileSync(join(privateFolder(registry.path, kept), 'deep', 'note'), 'utf8')).toBe(kept);
  });

  it('removes a link that an operator made, and not what it leads to', async () => {
    mkdirSync(join(folder, 'private'));
    mkdirSync(join(folder, 'big-disk'));
    writeFileSync(join(folder, 'big-disk', 'data'), 'stays');
    symlinkSync(join(folder, 'big-disk'), privateFolder(registry.path, gone));
    expect(folders.sweep(new Set())).toEqual([]);
    expect(await folders.removeSwept()).toEqual([]);
    expect(readdirSync(join(folder, 'private'))).toEqual([]);
    expect(readFileSync(join(folder, 'big-disk', 'data'), 'utf8')).toBe('stays');
  });

  it('does nothing where no tool has a folder, and says when it can not look', async () => {
    expect(folders.sweep(new Set())).toEqual([]);
    expect(await folders.removeSwept()).toEqual([]);
    writeFileSync(join(folder, 'private'), '');
    const failed = [{ path: join(folder, 'private'), code: 'ENOTDIR' }];
    expect(folders.sweep(new Set())).toEqual(failed);
    expect(await folders.removeSwept()).toEqual(failed);
  });
});

describe('clearing', () => {
  it('leaves nothing for the next tool of the same id', async () => {
    const place = fill(gone);
    folders.clear(gone);
    expect(existsSync(place)).toBe(false);
    folders.clear(gone);
    expect(await folders.removeSwept()).toEqual([]);
    expect(readdirSync(join(folder, 'private'))).toEqual([]);
  });
});
