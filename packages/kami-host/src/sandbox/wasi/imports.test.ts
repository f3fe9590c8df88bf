import { describe, expect, it } from 'vitest';
import { offeredInterfaces } from '../../model/contract.ts';
import type { LogLine } from '../../model/log-line.ts';
import { CallClock, CallLog, type CallState, RefusalRecord } from './call-state.ts';
import { GuestExit } from './cli.ts';
import { HandleBudget } from './handles.ts';
import { createImports, type HostImports } from './imports.ts';

function setUp(): { imports: HostImports; call: CallState; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const log = new CallLog({ maxLogLines: 5, maxLogLineLength: 10 }, (line) => lines.push(line));
  const call: CallState = {
    clock: new CallClock('coarse'),
    environment: () => [],
    log,
    refusals: new RefusalRecord(),
    handles: new HandleBudget(),
    host: undefined,
  };
  return { imports: createImports(call), call, lines };
}

type Functions = Readonly<Record<string, (...args: unknown[]) => never>>;
const functions = (imports: HostImports, name: keyof HostImports) => imports[name] as Functions;

describe('createImports', () => {
  it('offers exactly the interfaces of the contract', () => {
    expect(Object.keys(setUp().imports).sort()).toEqual([...offeredInterfaces].sort());
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'])(
    'has nothing under %s',
    (name) => {
      const { imports } = setUp();
      expect((imports as Record<string, unknown>)[name]).toBeUndefined();
      for (const members of Object.values(imports)) expect(members[name]).toBeUndefined();
    },
  );

  it('is frozen through and through', () => {
    const { imports } = setUp();
    expect(Object.isFrozen(imports)).toBe(true);
    for (const members of Object.values(imports)) expect(Object.isFrozen(members)).toBe(true);
  });
});

describe('what a tool learns of its surroundings', () => {
  it('is nothing: no variables, arguments, folder, terminal or file', () => {
    process.env.KAMI_TEST_SECRET = 'hidden';
    const { imports } = setUp();
    const environment = functions(imports, 'wasi:cli/environment');
    expect(environment.getEnvironment?.()).toEqual([]);
    expect(environment.getArguments?.()).toEqual([]);
    expect(environment.initialCwd?.()).toBeUndefined();
    expect(functions(imports, 'wasi:cli/terminal-stdout').getTerminalStdout?.()).toBeUndefined();
    expect(functions(imports, 'wasi:filesystem/preopens').getDirectories?.()).toEqual([]);
    delete process.env.KAMI_TEST_SECRET;
  });

  it('is a clock in steps of a millisecond', () => {
    const clock = functions(setUp().imports, 'wasi:clocks/monotonic-clock');
    const instants = Array.from({ length: 1_000 }, () => clock.now?.() as unknown as bigint);
    expect(instants.every((instant) => instant % 1_000_000n === 0n)).toBe(true);
  });

  it('is no standard input: it has ended before it began', () => {
    const stdin = functions(setUp().imports, 'wasi:cli/stdin').getStdin?.() as unknown as { read(): void };
    expect(() => stdin.read()).toThrow(expect.objectContaining({ tag: 'closed' }));
  });
});

describe('what is refused', () => {
  it('is recorded once a subject, with its count', () => {
    const { imports, call } = setUp();
    const create = functions(imports, 'wasi:sockets/tcp-create-socket');
    for (let n = 0; n < 3; n++) expect(() => create.createTcpSocket?.('ipv4')).toThrow('access-denied');
    const lookup = functions(imports, 'wasi:sockets/ip-name-lookup');
    expect(() => lookup.resolveAddresses?.({}, 'example.com')).toThrow('access-denied');
    expect(call.refusals.list()).toEqual([
      { capability: 'sockets', subject: 'tcp', count: 3 },
      { capability: 'sockets', subject: 'lookup of example.com', count: 1 },
    ]);
  });

  it('is bounded in number and length, whatever a tool tries', () => {
    const { call } = setUp();
    for (let n = 0; n < 10_000; n++)
      call.refusals.note('network', `https://${n}.example/${'x'.repeat(10_000)}`);
    expect(call.refusals.list()).toHaveLength(64);
    expect(call.refusals.list().every(({ subject }) => subject.length <= 300)).toBe(true);
  });

  it.each([
    ['random bytes by the gigabyte', 'wasi:random/random', 'getRandomBytes', [1n << 40n]],
    ['a wait for nothing', 'wasi:io/poll', 'poll', [[]]],
    ['a wait for a million things', 'wasi:io/poll', 'poll', [new Array(1_000_000).fill({})]],
  ] as const)('%s end the call', (_what, name, member, args) => {
    expect(() => functions(setUp().imports, name)[member]?.(...args)).toThrow(RangeError);
  });
});

describe('output', () => {
  it('becomes log lines, bounded in number and length', () => {
    const { imports, call, lines } = setUp();
    const stdout = functions(imports, 'wasi:cli/stdout').getStdout?.() as unknown as {
      write(bytes: Uint8Array): void;
    };
    stdout.write(new TextEncoder().encode('one\ntwo is a long line\nthr'));
    stdout.write(new TextEncoder().encode('ee\n4\n5\n6\n7\n'));
    call.log.close();
    expect(lines.map(({ message }) => message)).toEqual([
      ...['one', 'two is a l… (cut)', 'three', '4', '5'],
      '2 more log lines of this call were dropped',
    ]);
  });

  it('of exit ends the call with its code', () => {
    const { exit, exitWithCode } = functions(setUp().imports, 'wasi:cli/exit');
    expect(() => exit?.({ tag: 'err' })).toThrow(new GuestExit(1));
    expect(() => exitWithCode?.(7)).toThrow(new GuestExit(7));
  });
});
