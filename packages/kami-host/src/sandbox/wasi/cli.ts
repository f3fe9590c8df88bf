import type * as Environment from '@bytecodealliance/preview2-shim/interfaces/wasi-cli-environment';
import type { LogLineLevel } from '../../model/log-line.ts';
import type { CallLog, CallState } from './call-state.ts';
import { InputStream, OutputStream } from './io.ts';

/** Thrown through the guest when it calls `exit`; the call ends there. */
export class GuestExit extends Error {
  override readonly name = 'GuestExit';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}

class TerminalInput {}
class TerminalOutput {}

const nothing = (): undefined => undefined;

/** The granted variables; no arguments, no terminal, no standard input; output becomes log lines of the call. */
export function cliInterfaces({
  log,
  handles,
  environment: variables,
}: Pick<CallState, 'log' | 'handles' | 'environment'>) {
  const stdout = lineSink(log, 'info');
  const stderr = lineSink(log, 'warn');
  const environment: typeof Environment = {
    getEnvironment: () => variables().map(([name, value]) => [name, value]),
    getArguments: () => [],
    initialCwd: nothing,
  };
  return {
    'wasi:cli/environment': environment,
    'wasi:cli/exit': {
      exit: (status: { readonly tag: 'ok' | 'err' }): never => {
        throw new GuestExit(status.tag === 'ok' ? 0 : 1);
      },
      exitWithCode: (code: number): never => {
        throw new GuestExit(code);
      },
    },
    'wasi:cli/stdin': { getStdin: () => new InputStream(handles) },
    'wasi:cli/stdout': { getStdout: () => new OutputStream(handles, stdout) },
    'wasi:cli/stderr': { getStderr: () => new OutputStream(handles, stderr) },
    'wasi:cli/terminal-input': { TerminalInput },
    'wasi:cli/terminal-output': { TerminalOutput },
    'wasi:cli/terminal-stdin': { getTerminalStdin: nothing },
    'wasi:cli/terminal-stdout': { getTerminalStdout: nothing },
    'wasi:cli/terminal-stderr': { getTerminalStderr: nothing },
  };
}

const longestPartialLine = 8_192;

/** Cuts a byte stream into log lines; the last needs no end of line. */
function lineSink(log: CallLog, level: LogLineLevel): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder();
  let partial = '';
  log.atEnd(() => {
    partial += decoder.decode();
    if (partial !== '') log.add(level, partial);
  });
  return (bytes) => {
    const lines = (partial + decoder.decode(bytes, { stream: true })).split('\n');
    partial = lines.pop() ?? '';
    if (partial.length > longestPartialLine) {
      lines.push(partial);
      partial = '';
    }
    for (const line of lines) log.add(level, line);
  };
}
