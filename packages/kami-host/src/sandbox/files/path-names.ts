import { fail } from './file-error.ts';

/**
 * A guest's path, taken apart: names to go through one by one, `..` among them, and `.` only in last place: what
 * stands before it must be a folder, and has no name there by which it could be made, moved or removed.
 */
export interface PathNames {
  readonly names: readonly string[];
  /** It ends in `/` or `.`: whatever it leads to must be a folder. */
  readonly directory: boolean;
}

/** Bytes of a path, and of what a link holds. */
const longestPath = 4_096;
const windowsMeaning = /[\\:<>|?*"]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * Takes a path apart. A name means nothing but itself: no encodings, no case, no normal forms.
 * @throws HostCallError `not-permitted` for an absolute path, and on Windows for a name that means more there than
 *   itself; `no-entry` for an empty one, `invalid` for a NUL, `illegal-byte-sequence`, `name-too-long`
 */
export function parsePath(path: string, platform: NodeJS.Platform = process.platform): PathNames {
  if (path.length > longestPath || Buffer.byteLength(path) > longestPath) fail('name-too-long');
  if (path === '') fail('no-entry');
  if (path.includes('\0')) fail('invalid');
  if (!path.isWellFormed()) fail('illegal-byte-sequence');
  if (path.startsWith('/')) fail('not-permitted');
  const parts = path.split('/');
  const names = parts.filter((part) => part !== '' && part !== '.');
  if (platform === 'win32' && names.some((name) => name !== '..' && windowsMeaning.test(name))) {
    fail('not-permitted');
  }
  const last = parts.at(-1);
  if (names.length > 0 && parts.findLast((part) => part !== '') === '.') names.push('.');
  return { names, directory: last === '' || last === '.' || last === '..' };
}
