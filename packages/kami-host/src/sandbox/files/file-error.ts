import type { ErrorCode } from '@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types';
import { HostCallError } from '../host-call/protocol.ts';

/** The errors of wasi:filesystem, by the names of its `error-code`. */
export type FileErrorCode = ErrorCode;

/** Ends a request with an error that the guest is told. Never put a path of the host into `detail`. */
export function fail(code: FileErrorCode, detail?: string): never {
  throw new HostCallError(code, detail);
}

const codes: Readonly<Record<string, FileErrorCode>> = {
  EACCES: 'access',
  EAGAIN: 'would-block',
  EBADF: 'bad-descriptor',
  EBUSY: 'busy',
  EDQUOT: 'quota',
  EEXIST: 'exist',
  EFBIG: 'file-too-large',
  EILSEQ: 'illegal-byte-sequence',
  EINTR: 'interrupted',
  EINVAL: 'invalid',
  EIO: 'io',
  EISDIR: 'is-directory',
  ELOOP: 'loop',
  EMFILE: 'insufficient-memory',
  EMLINK: 'too-many-links',
  ENAMETOOLONG: 'name-too-long',
  ENFILE: 'insufficient-memory',
  ENODEV: 'no-device',
  ENOENT: 'no-entry',
  ENOMEM: 'insufficient-memory',
  ENOSPC: 'insufficient-space',
  ENOSYS: 'unsupported',
  ENOTDIR: 'not-directory',
  ENOTEMPTY: 'not-empty',
  ENOTSUP: 'unsupported',
  ENXIO: 'no-such-device',
  EOVERFLOW: 'overflow',
  EPERM: 'not-permitted',
  EROFS: 'read-only',
  ESTALE: 'no-entry',
  ETXTBSY: 'text-file-busy',
  EXDEV: 'cross-device',
};

/** What the operating system said, without the host's paths that stand in its message; our own errors as they are. */
export function guestError(error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  return new HostCallError(Object.hasOwn(codes, errno) ? (codes[errno] as FileErrorCode) : 'io');
}

/** The name of the operating system's error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof HostCallError) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && errno !== undefined ? code : undefined;
}
