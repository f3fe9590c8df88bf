import type { OfferedInterface } from '../../model/contract.ts';
import type { LogLineLevel } from '../../model/log-line.ts';
import type { CallState } from './call-state.ts';
import { cliInterfaces } from './cli.ts';
import { clientInterfaces } from './client.ts';
import { clockInterfaces } from './clocks.ts';
import { filesystemInterfaces } from './filesystem.ts';
import { httpInterfaces } from './http.ts';
import { ioInterfaces } from './io.ts';
import { randomInterfaces } from './random.ts';
import { socketInterfaces } from './sockets.ts';

/** What a component is instantiated with: interface name → its functions and resource classes. */
export type HostImports = Readonly<Record<OfferedInterface, Readonly<Record<string, unknown>>>>;

/**
 * Everything that one call can reach of the host. The objects have no prototype and are frozen: a component
 * that imports `constructor` or `__proto__` finds nothing there.
 */
export function createImports(call: CallState): HostImports {
  const interfaces: HostImports = {
    'kami:tool/host': { log: (level: LogLineLevel, message: string) => call.log.add(level, message) },
    ...clientInterfaces(call),
    ...cliInterfaces(call),
    ...clockInterfaces(call),
    ...filesystemInterfaces(call),
    ...httpInterfaces(call),
    ...ioInterfaces,
    ...randomInterfaces(),
    ...socketInterfaces(call),
  };
  return bare(
    Object.fromEntries(Object.entries(interfaces).map(([name, members]) => [name, bare(members)])),
  ) as HostImports;
}

function bare<T extends object>(members: T): Readonly<T> {
  return Object.freeze(Object.assign(Object.create(null), members) as T);
}
