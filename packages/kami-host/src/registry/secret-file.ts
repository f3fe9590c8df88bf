import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { KamiError } from '../errors/kami-error.ts';
import { isJsonObject } from '../model/json.ts';
import { fileErrorCode, toWriteError } from './file-errors.ts';
import { syncFolder } from './sync-folder.ts';

/** Tool id → name → value. */
export type SecretValues = Map<string, ReadonlyMap<string, string>>;

const note =
  'Secrets of KAMI tools, in plain text: keep this file to yourself. Change it with kami secret set and kami secret remove.';
const maxBytes = 64 * 1024 * 1024;

/**
 * The values in a file; none when there is no file.
 * @throws KamiError `KAMI_SECRET_STORE_UNSAFE` when others may read it, `KAMI_FILE_UNREADABLE`
 */
export function readSecretFile(file: string): SecretValues {
  const text = readOwnFile(file);
  if (text === undefined) return new Map();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Without the cause: the message of a JSON error quotes what it could not read.
    throw damaged(file);
  }
  if (!isJsonObject(parsed) || !isJsonObject(parsed.tools)) throw damaged(file);
  const values: SecretValues = new Map();
  for (const [id, secrets] of Object.entries(parsed.tools)) {
    if (!isJsonObject(secrets)) throw damaged(file);
    const pairs = Object.entries(secrets);
    if (!pairs.every((pair): pair is [string, string] => typeof pair[1] === 'string')) throw damaged(file);
    values.set(id, new Map(pairs));
  }
  return values;
}

/** Replaces the file as a whole, for this user only. Called under the write lock of the registry. */
export function writeSecretFile(file: string, values: SecretValues): void {
  const tools = Object.fromEntries([...values].map(([id, secrets]) => [id, Object.fromEntries(secrets)]));
  const text = `${JSON.stringify({ note, tools }, null, 2)}\n`;
  const folder = dirname(file);
  const temporary = `${file}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    removeLeftovers(file);
    writeFileSync(temporary, text, { flag: 'wx', mode: 0o600, flush: true });
    renameSync(temporary, file);
    syncFolder(folder);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw toWriteError(error, file);
  }
}

/** Under the lock nobody else is writing: a temporary file is what a killed process has left, secrets in it. */
function removeLeftovers(file: string): void {
  const folder = dirname(file);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${basename(file)}.`) && name.endsWith('.tmp'))
      rmSync(join(folder, name), { force: true });
  }
}

function readOwnFile(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(
      file,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return undefined;
    throw unreadable(file, `the system reported ${fileErrorCode(error) ?? 'an error'}`, error);
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.size > maxBytes) throw unreadable(file, 'it is not a file of secrets');
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) throw exposed(file, stats.mode);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function exposed(file: string, mode: number): KamiError {
  return new KamiError('KAMI_SECRET_STORE_UNSAFE', {
    message: `${file} holds secrets, but other users of this machine may read or write it (mode ${(mode & 0o777).toString(8)}). No secret is used.`,
    fix: `Make it private again: chmod 600 ${file}. If somebody may have read it, also replace the secrets at their providers.`,
    data: { path: file },
  });
}

function damaged(file: string): KamiError {
  return unreadable(file, 'its content is not what KAMI wrote');
}

function unreadable(file: string, why: string, cause?: unknown): KamiError {
  return new KamiError('KAMI_FILE_UNREADABLE', {
    message: `The secrets in ${file} can't be read: ${why}.`,
    fix: `Restore the file, or move it away (mv ${file} ${file}.damaged) and set the secrets again: kami secret set <tool> <NAME>`,
    cause,
    data: { path: file },
  });
}
