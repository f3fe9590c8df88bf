import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** Creates a folder with its parents, for this user only, and writes each new name in its parent to the disk. */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
}

/** Writes the names in a folder to the disk. Windows has no such call: there the journal of NTFS must do. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, constants.O_RDONLY);
  try {
    if (fstatSync(descriptor).isDirectory()) fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
