import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadManifest } from './load-manifest.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kami-manifest-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a file that is not there, or in a folder that is none, is not found', async () => {
  const code = 'KAMI_MANIFEST_NOT_FOUND';
  await expect(loadManifest(join(folder, 'tool.toml'))).rejects.toMatchObject({ code });
  await expect(loadManifest(join(import.meta.filename, 'tool.toml'))).rejects.toMatchObject({ code });
});

test('a folder is unreadable, and said to be one', async () => {
  await expect(loadManifest(folder)).rejects.toMatchObject({
    code: 'KAMI_FILE_UNREADABLE',
    message: expect.stringMatching(/is a folder/),
  });
});

test.skipIf(process.platform === 'win32')(
  'a fifo is refused at once instead of being waited for',
  async () => {
    const path = join(folder, 'fifo.toml');
    execFileSync('mkfifo', [path]);
    await expect(loadManifest(path)).rejects.toMatchObject({ code: 'KAMI_FILE_UNREADABLE' });
  },
);

test.skipIf(process.platform === 'win32')('a device is refused', async () => {
  await expect(loadManifest('/dev/zero')).rejects.toMatchObject({ code: 'KAMI_FILE_UNREADABLE' });
});
