import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { ancestors } from './find-package.ts';
import { writeAtomic } from './write-atomic.ts';

/** What is known of a component without reading it. */
export interface ComponentRecord {
  /** Hexadecimal. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Components by the hash of what they were made from. */
export interface ComponentCache {
  /** What was stored under a key, by its record alone. */
  readonly find: (key: string) => Promise<ComponentRecord | undefined>;
  /** The bytes of a record, if they still have its hash. */
  readonly read: (key: string, record: ComponentRecord) => Promise<Uint8Array | undefined>;
  readonly store: (key: string, component: Uint8Array) => Promise<ComponentRecord>;
}

// At 12 MB each: enough to go back and forth between versions of a few tools.
const keptComponents = 8;

export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** `<nearest node_modules>/.cache/kami/components`, or one in the project when there is none. */
export function defaultCacheDir(projectDir: string): string {
  const holder = [...ancestors(projectDir)].find((dir) => existsSync(join(dir, 'node_modules')));
  return join(holder ?? projectDir, 'node_modules', '.cache', 'kami', 'components');
}

export function createComponentCache(dir: string): ComponentCache {
  const recordFile = (key: string): string => join(dir, `${key}.json`);
  const componentFile = (key: string): string => join(dir, `${key}.wasm`);

  async function prune(): Promise<void> {
    const names = (await readdir(dir)).filter((name) => name.endsWith('.wasm'));
    const entries = await Promise.all(
      names.map(async (name) => ({ key: name.slice(0, -5), used: (await stat(join(dir, name))).mtimeMs })),
    );
    const old = entries.sort((a, b) => b.used - a.used).slice(keptComponents);
    await Promise.all(
      old
        .flatMap(({ key }) => [recordFile(key), componentFile(key)])
        .map((path) => rm(path, { force: true })),
    );
  }

  return {
    async find(key) {
      try {
        const record = JSON.parse(await readFile(recordFile(key), 'utf8')) as Partial<ComponentRecord>;
        return typeof record.sha256 === 'string' && typeof record.size === 'number'
          ? { sha256: record.sha256, size: record.size }
          : undefined;
      } catch {
        return undefined;
      }
    },
    async read(key, record) {
      const component = await readFile(componentFile(key)).catch(() => undefined);
      if (component === undefined || sha256(component) !== record.sha256) return undefined;
      const now = new Date();
      await utimes(componentFile(key), now, now).catch(() => undefined);
      return component;
    },
    async store(key, component) {
      const record = { sha256: sha256(component), size: component.byteLength };
      // The record last: it vouches for the component.
      await writeAtomic(componentFile(key), component);
      await writeAtomic(recordFile(key), JSON.stringify(record));
      // A parallel build may prune too, and take a file away in between.
      await prune().catch(() => undefined);
      return record;
    },
  };
}
