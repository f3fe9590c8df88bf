import { join } from 'node:path';
import { damagedIn, readStore } from '../component/store-contents.ts';
import { type Finding, ok, warning } from './finding.ts';

/** More than this takes too long to read; bytes. */
const maxReadBytes = 256 * 1024 * 1024;

/** What is kept of compiled components. All of it is made anew when it is needed, so nothing here is a problem. */
export async function checkCache(dataDir: string): Promise<readonly Finding[]> {
  const store = await readStore(join(dataDir, 'cache', 'components'));
  const { forms, parts, otherFormats } = store;
  const bytes = [...parts.values()].reduce((sum, part) => sum + part.bytes, 0);
  const isLarge = bytes > maxReadBytes;
  const damaged = await damagedIn(isLarge ? { ...store, parts: new Map() } : store);
  const count = forms.length + parts.size;
  return [
    ...(damaged.length === 0
      ? count === 0
        ? []
        : [
            ok(
              isLarge
                ? `The cache has ${count} files; kami cache verify reads them all.`
                : `All ${count} files of the cache are whole.`,
            ),
          ]
      : [
          warning(
            `${damaged.length} of ${count} files of the cache are damaged; they are made anew when they are needed.`,
            'kami cache verify',
          ),
        ]),
    ...(otherFormats.length === 0
      ? []
      : [warning('Other versions of KAMI left files that this one makes no use of.', 'kami cache prune')]),
  ];
}
