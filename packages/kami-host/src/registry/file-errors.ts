import { isKamiError, KamiError } from '../errors/kami-error.ts';

/** The system's code of a failed file operation, such as `ENOENT`. */
export function fileErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What a failed write to `path` means to the reader; a KamiError is given back as it is. */
export function toWriteError(error: unknown, path: string): unknown {
  const code = fileErrorCode(error);
  if (code === undefined || isKamiError(error)) return error;
  const details = { cause: error, data: { path, system: code } };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new KamiError('KAMI_DISK_FULL', {
      message: `${path} could not be written: the disk is full.`,
      fix: 'Free some space on that disk and try again.',
      ...details,
    });
  }
  return new KamiError('KAMI_FILE_UNWRITABLE', {
    message: `${path} could not be written: the system reported ${code}.`,
    fix: 'Make the folder writable for this user, or choose another data folder with KAMI_DATA_DIR=<folder>.',
    ...details,
  });
}
