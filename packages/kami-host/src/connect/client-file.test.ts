import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempFolder, tempFolder } from '../../test/fixtures/temp-folder.ts';
import { readClientFile, writeClientFile } from './client-file.ts';

let folder: TempFolder;
const at = (...names: string[]) => join(folder.path, ...names);
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

describe('the file of a client', () => {
  it('is made with its folders where there is none', async () => {
    const file = readClientFile(at('a', 'b', 'mcp.json'));
    expect(file).toMatchObject({ bytes: undefined, text: '' });
    expect(writeClientFile(file, 'new')).toBeUndefined();
    expect(await readFile(at('a', 'b', 'mcp.json'), 'utf8')).toBe('new');
    expect(await readdir(at('a', 'b'))).toEqual(['mcp.json']);
  });

  it('keeps its mode and its byte order mark, and a copy of what it was', async () => {
    await writeFile(at('mcp.json'), '\ufeffold');
    await chmod(at('mcp.json'), 0o640);
    const file = readClientFile(at('mcp.json'));
    expect(file.text).toBe('old');
    expect(writeClientFile(file, 'new')).toBe(at('mcp.json.kami-backup'));
    expect(await readFile(at('mcp.json'), 'utf8')).toBe('\ufeffnew');
    expect(await readFile(at('mcp.json.kami-backup'), 'utf8')).toBe('\ufeffold');
    if (process.platform === 'win32') return;
    for (const name of ['mcp.json', 'mcp.json.kami-backup']) {
      expect((await stat(at(name))).mode & 0o777).toBe(0o640);
    }
  });

  it('never loses an earlier copy, and needs no second one of the same bytes', async () => {
    const write = async (text: string, next: string) => {
      await writeFile(at('mcp.json'), text);
      return writeClientFile(readClientFile(at('mcp.json')), next);
    };
    expect(await write('first', 'x')).toBe(at('mcp.json.kami-backup'));
    expect(await write('second', 'x')).toBe(at('mcp.json.kami-backup-2'));
    expect(await write('first', 'x')).toBe(at('mcp.json.kami-backup'));
    expect(await readFile(at('mcp.json.kami-backup'), 'utf8')).toBe('first');
    expect(await readFile(at('mcp.json.kami-backup-2'), 'utf8')).toBe('second');
  });

  it.skipIf(process.platform === 'win32')('is changed where a link leads, and the link stays', async () => {
    await mkdir(at('dotfiles'));
    await writeFile(at('dotfiles', 'real.json'), 'old');
    await symlink('dotfiles/real.json', at('mcp.json'));
    await symlink('dotfiles/not-yet.json', at('other.json'));
    writeClientFile(readClientFile(at('mcp.json')), 'new');
    writeClientFile(readClientFile(at('other.json')), 'made');
    expect((await lstat(at('mcp.json'))).isSymbolicLink()).toBe(true);
    expect((await lstat(at('other.json'))).isSymbolicLink()).toBe(true);
    expect(await readFile(at('dotfiles', 'real.json'), 'utf8')).toBe('new');
    expect(await readFile(at('dotfiles', 'not-yet.json'), 'utf8')).toBe('made');
  });

  it.skipIf(process.platform === 'win32')('is not read through links in a circle', async () => {
    await symlink('b', at('a'));
    await symlink('a', at('b'));
    expect(() => readClientFile(at('a'))).toThrow(expect.objectContaining({ code: 'KAMI_FILE_UNREADABLE' }));
  });

  it('is left alone when another program wrote it meanwhile', async () => {
    await writeFile(at('mcp.json'), 'old');
    const file = readClientFile(at('mcp.json'));
    await writeFile(at('mcp.json'), 'theirs');
    expect(() => writeClientFile(file, 'ours')).toThrow(
      expect.objectContaining({ code: 'KAMI_CONNECT_CONFLICT' }),
    );
    expect(await readFile(at('mcp.json'), 'utf8')).toBe('theirs');
    expect((await readdir(folder.path)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is left alone when it was made meanwhile', async () => {
    const file = readClientFile(at('mcp.json'));
    await writeFile(at('mcp.json'), 'theirs');
    expect(() => writeClientFile(file, 'ours')).toThrow(
      expect.objectContaining({ code: 'KAMI_CONNECT_CONFLICT' }),
    );
  });

  it('is refused as a folder, and in another encoding', async () => {
    await mkdir(at('folder'));
    expect(() => readClientFile(at('folder'))).toThrow(
      expect.objectContaining({ code: 'KAMI_FILE_UNREADABLE' }),
    );
    await writeFile(at('utf16.json'), '\ufeff{}', 'utf16le');
    await writeFile(at('latin1.json'), Buffer.from([0x7b, 0xe4, 0x7d]));
    for (const name of ['utf16.json', 'latin1.json']) {
      expect(() => readClientFile(at(name))).toThrow(
        expect.objectContaining({ code: 'KAMI_CONNECT_FILE_INVALID' }),
      );
    }
  });
});
