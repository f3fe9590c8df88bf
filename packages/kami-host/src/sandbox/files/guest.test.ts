import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as weakFiles from '@bytecodealliance/preview2-shim/filesystem';
import * as weakIo from '@bytecodealliance/preview2-shim/io';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ComponentStore } from '../../component/component-store.ts';
import type { CompiledComponent } from '../../model/compiled-component.ts';
import { isSha256 } from '../../model/ids.ts';
import { defaultLimits } from '../../model/limits.ts';
import { runInThread } from '../fixtures/run-in-thread.ts';
import { instantiate } from '../instance.ts';
import { SandboxThread } from '../sandbox-thread.ts';
import { createFiles } from './create-files.ts';
import { SharedFiles } from './file-call.ts';
import { defaultFileLimits, type FileMount } from './file-grant.ts';
import { scratchFolder } from './fixtures/guest-files.ts';
import { buildEscapingGuest, buildHonestGuest } from './fixtures/wat-files-guest.ts';

/** Real components in the real worker thread, whose requests a real dispatcher takes to the broker. */
describe('a component that uses wasi:filesystem', () => {
  const forms = scratchFolder();
  const thread = new SandboxThread();
  let folder: ReturnType<typeof scratchFolder>;
  let honest: CompiledComponent;
  let escaping: CompiledComponent;

  beforeAll(async () => {
    const store = new ComponentStore(forms.path);
    const load = async (bytes: Uint8Array): Promise<CompiledComponent> => {
      const key = createHash('sha256').update(bytes).digest('hex');
      if (!isSha256(key)) throw new Error('no hash');
      return store.load({ key, source: 'guest', read: async () => bytes });
    };
    honest = await load(await buildHonestGuest());
    escaping = await load(await buildEscapingGuest());
  }, 120_000);
  afterAll(async () => {
    await thread.terminate();
    forms.remove();
  });
  beforeEach(() => {
    folder = scratchFolder();
    for (const name of ['granted', 'outside']) mkdirSync(join(folder.path, name));
    writeFileSync(join(folder.path, 'outside', 'secret'), '<stolen>');
  });
  afterEach(() => folder.remove());

  async function run(
    component: CompiledComponent,
    access: FileMount['access'] | 'none',
  ): Promise<{ readonly text: unknown; readonly refusals: readonly string[] }> {
    const refusals: string[] = [];
    const mount = { guestPath: '/data', hostPath: join(folder.path, 'granted') };
    const files = createFiles(
      { mounts: access === 'none' ? [] : [{ ...mount, access }], limits: defaultFileLimits },
      { shared: new SharedFiles(), onRefusal: (_, subject) => refusals.push(subject) },
    );
    const run = { component, input: {}, services: { files }, convention: 'text' } as const;
    const { outcome } = await runInThread(thread, run);
    const text = outcome.status === 'success' ? outcome.content[0] : outcome.message;
    return { text: typeof text === 'object' && 'text' in text ? text.text : text, refusals };
  }

  it('writes, reads and lists in a folder that was granted', async () => {
    writeFileSync(join(folder.path, 'granted', 'other'), '');
    const { text, refusals } = await run(honest, 'read-write');
    // A stream at its end says `closed`, the case behind `last-operation-failed`.
    expect(String(text).slice(0, -' hello.txt other'.length)).toBe(
      '......' + '.hello world' + '..world' + 'B.',
    );
    expect(String(text).split(' ').slice(-2).sort()).toEqual(['hello.txt', 'other']);
    expect(readFileSync(join(folder.path, 'granted', 'hello.txt'), 'utf8')).toBe('hello world');
    expect(refusals).toEqual([]);
  });

  it('is told read-only where it may only read', async () => {
    const { text, refusals } = await run(honest, 'read-only');
    // It goes on as if it had a descriptor.
    expect(text).toBe('The tool crashed.');
    expect(refusals).toEqual(['open /data/hello.txt (read-only)']);
    expect(readdirSync(join(folder.path, 'granted'))).toEqual([]);
  });

  it('finds no folder where none was granted', async () => {
    const { text } = await run(honest, 'none');
    expect(text).toBe('The tool crashed: unreachable.');
  });

  it('does not get out', async () => {
    symlinkSync('../outside', join(folder.path, 'granted', 'planted'));
    execFileSync('mkfifo', [join(folder.path, 'granted', 'fifo')]);
    const { text, refusals } = await run(escaping, 'read-write');
    const [notPermitted, noEntry] = ['`', 'U'];
    const held = [noEntry, noEntry];
    expect(text).toBe([notPermitted, '...', notPermitted, ...held, notPermitted, notPermitted].join(''));
    expect(refusals).toHaveLength(4);
    expect(readdirSync(join(folder.path, 'outside'))).toEqual(['secret']);
  });

  it('gets out of a host that remembers paths', async () => {
    // Without the fifo: this host would wait for it for ever.
    symlinkSync('../outside', join(folder.path, 'granted', 'planted'));
    weakFiles._clearPreopens();
    // Typed for browsers, where it takes another second argument.
    const addPreopen = weakFiles._addPreopen as unknown as (guestPath: string, path: string) => void;
    addPreopen('/data', join(folder.path, 'granted'));
    const imports = {
      'wasi:filesystem/preopens': weakFiles.preopens,
      'wasi:filesystem/types': weakFiles.types,
      'wasi:io/error': weakIo.error,
      'wasi:io/streams': weakIo.streams,
    };
    const instance = instantiate(escaping, imports as never, defaultLimits);
    expect(instance.run('{}')).toContain('<stolen>');
  });
});
