import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileErrorCode, toWriteError } from './file-errors.ts';
import { kamiFolder } from './kami-folder.ts';
import { stagingName } from './staging-name.ts';

const keyBytes = 32;

/**
 * The key that signs what clients hand back from one round of a request to the next: all servers of a registry have
 * the same. Made when it is first asked for; readable by this user only.
 * @throws KamiError `KAMI_FILE_UNWRITABLE`, `KAMI_DISK_FULL`
 */
export function readStateKey(registry: { readonly path: string }): Uint8Array {
  const folder = kamiFolder(registry.path);
  const file = join(folder, 'request-state.key');
  const known = readKey(file);
  if (known !== undefined && known.length === keyBytes) return known;
  const staged = join(folder, stagingName(randomBytes(8).toString('hex')));
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(staged, randomBytes(keyBytes), { flag: 'wx', mode: 0o600, flush: true });
    // Unlike a rename a link fails if another process was faster, whose key then holds.
    if (known !== undefined) rmSync(file, { force: true });
    linkSync(staged, file);
  } catch (error) {
    if (fileErrorCode(error) !== 'EEXIST') throw toWriteError(error, file);
  } finally {
    rmSync(staged, { force: true });
  }
  return readKey(file) ?? readStateKey(registry);
}

/** Undefined when there is none. */
function readKey(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return undefined;
    throw toWriteError(error, file);
  }
}
