/**
 * The WASI that the transpiler gets in the published bundle, in place of preview2-shim: it computes on bytes
 * in memory and needs nothing of the machine.
 */
import { randomFillSync } from 'node:crypto';

const nothing = (): undefined => undefined;

class Descriptor {}
class DirectoryEntryStream {}
class IoError {}
class InputStream {}
class TerminalInput {}
class TerminalOutput {}

class OutputStream {
  checkWrite(): bigint {
    return 65_536n;
  }
  write(): void {}
  blockingFlush(): void {}
  blockingWriteAndFlush(): void {}
}

export const environment = { getEnvironment: () => [], getArguments: () => [], initialCwd: nothing };
export const exit = {
  exit: (): never => {
    throw new Error('the transpiler ended itself');
  },
};
export const stdin = { InputStream, getStdin: () => new InputStream() };
export const stdout = { OutputStream, getStdout: () => new OutputStream() };
export const stderr = { OutputStream, getStderr: () => new OutputStream() };
export const terminalInput = { TerminalInput };
export const terminalOutput = { TerminalOutput };
export const terminalStdin = { TerminalInput, getTerminalStdin: nothing };
export const terminalStdout = { TerminalOutput, getTerminalStdout: nothing };
export const terminalStderr = { TerminalOutput, getTerminalStderr: nothing };
export const preopens = { Descriptor, getDirectories: () => [] };
export const types = { Descriptor, DirectoryEntryStream, filesystemErrorCode: nothing };
export const error = { Error: IoError };
export const streams = { InputStream, OutputStream };
export const random = {
  getRandomBytes: (length: bigint) => randomFillSync(new Uint8Array(Number(length))),
  getRandomU64: () => randomFillSync(new BigUint64Array(1))[0],
};
