import type { ErrorCode } from '@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types';
import type { FileMethods } from '../files/file-methods.ts';
import type { HostChannel } from '../host-call/channel.ts';
import { HostCallError } from '../host-call/protocol.ts';
import type { HandleBudget } from './handles.ts';
import { IoError } from './io.ts';

/** What the host itself says where no service has an answer: no folder was granted, or KAMI failed. */
const hostCodes: Readonly<Record<string, ErrorCode>> = {
  'access-denied': 'access',
  'internal-error': 'io',
};

/** The way of one call's guest to its files, which the host holds. */
export class FilesClient {
  readonly handles: HandleBudget;
  readonly #host: HostChannel;

  constructor(host: HostChannel, handles: HandleBudget) {
    this.#host = host;
    this.handles = handles;
  }

  /** Asks the host and blocks until it answers. Throws an `ErrorCode` as a plain value, as the glue expects it. */
  call<K extends keyof FileMethods>(method: K, args: FileMethods[K]['args']): FileMethods[K]['result'] {
    try {
      return this.#host.call<FileMethods, K>('files', method, args);
    } catch (error) {
      throw error instanceof HostCallError ? errorCode(error.code) : error;
    }
  }
}

function errorCode(code: string): ErrorCode {
  return Object.hasOwn(hostCodes, code) ? (hostCodes[code] as ErrorCode) : (code as ErrorCode);
}

/** What a stream of a file ended with. */
export class FileStreamError extends IoError {
  readonly code: ErrorCode;

  constructor(code: ErrorCode) {
    super();
    this.code = code;
  }

  override toDebugString(): string {
    return this.code;
  }
}

/** The code in a stream's error, if the stream was one of a file. */
export function filesystemErrorCode(error: IoError): ErrorCode | undefined {
  return error instanceof FileStreamError ? error.code : undefined;
}
