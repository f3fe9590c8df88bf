import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { httpTokenVariable } from '../../config/config-keys.ts';
import { KamiError } from '../../errors/kami-error.ts';

/** The token that every client sends. */
export interface BearerToken {
  readonly value: string;
  /** `made`: by KAMI at this start. */
  readonly origin: 'given' | 'made';
}

/** `b64token` of RFC 6750, section 2.1, as long as a token that nobody guesses. */
const tokenPattern = /^[A-Za-z0-9\-._~+/]{16,4096}=*$/;
const maxFileBytes = 8_192;

/** A token of 256 random bits. */
export function makeToken(): BearerToken {
  return { value: randomBytes(32).toString('base64url'), origin: 'made' };
}

/**
 * The token of the operator: that of the variable, else that of the file; undefined when there is neither.
 * @param onExposed is told when other users of the machine may read the file
 * @throws KamiError `KAMI_HTTP_TOKEN_INVALID`, `KAMI_FILE_NOT_FOUND`, `KAMI_FILE_UNREADABLE`
 */
export function readToken(
  variable: string | undefined,
  file: string | undefined,
  onExposed: (file: string) => void,
): BearerToken | undefined {
  if (variable !== undefined && variable !== '')
    return checked(variable, `The variable ${httpTokenVariable}`);
  if (file === undefined) return undefined;
  return checked(readTokenFile(file, onExposed).replace(/\r?\n$/, ''), `The file ${file}`);
}

/** Whether a token is the right one; how long that takes does not depend on where they differ. */
export function isSameToken(sent: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(sent), digest(right));
}

function checked(value: string, where: string): BearerToken {
  if (tokenPattern.test(value)) return { value, origin: 'given' };
  // What is wrong with it is not said closer: the message may be kept where a secret must not be.
  throw new KamiError('KAMI_HTTP_TOKEN_INVALID', {
    message: `${where} holds no token that can be used: 16 to 4096 letters, digits and -._~+/ on one line.`,
    fix: 'Make one: openssl rand -hex 32',
  });
}

function readTokenFile(file: string, onExposed: (file: string) => void): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw unreadable(file, 'it is no file');
    if (process.platform !== 'win32') {
      if ((stats.mode & 0o022) !== 0) throw writableByOthers(file, stats.mode);
      // Secrets that a container is given are often readable by all of its users.
      if ((stats.mode & 0o044) !== 0) onExposed(file);
    }
    const buffer = Buffer.alloc(maxFileBytes);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, maxFileBytes, 0));
  } catch (error) {
    if (error instanceof KamiError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error';
    throw unreadable(file, code === 'ENOENT' ? 'it is not there' : `the system reported ${code}`, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function unreadable(file: string, why: string, cause?: unknown): KamiError {
  return new KamiError('KAMI_FILE_UNREADABLE', {
    message: `The token can't be read from ${file}: ${why}.`,
    fix: `Name a readable file with --token-file, or set ${httpTokenVariable}.`,
    cause,
    data: { path: file },
  });
}

function writableByOthers(file: string, mode: number): KamiError {
  return new KamiError('KAMI_HTTP_TOKEN_INVALID', {
    message: `Other users of this machine may change the token in ${file} (mode ${(mode & 0o777).toString(8)}).`,
    fix: `Make it yours: chmod 600 ${file}`,
    data: { path: file },
  });
}
