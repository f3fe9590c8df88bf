import type { CapabilityRequest, RequestedMount } from '../model/capability.ts';
import type { AskTarget } from '../model/client-request.ts';
import { secretNames } from '../model/credential.ts';
import type { GrantItem } from '../model/grant-item.ts';
import { defaultRequestedLimits, type RequestedLimits } from '../model/limits.ts';
import { type Asking, addedItems, requestedItems } from './requested-items.ts';

/** What a tool asks for, one phrase each, to follow "It asks to". Limits are left out: every tool has them. */
export function describeRequest(request: CapabilityRequest): readonly string[] {
  const { items, mounts } = requestedItems({ request, limits: defaultRequestedLimits });
  return [...items.map(describeItem), ...mounts.map(describeMount)];
}

/** The bounds of one call that a tool asks for, one phrase each, to follow "It asks to". */
export function describeLimits(limits: RequestedLimits): readonly string[] {
  return [
    describeItem({ kind: 'memory', value: limits.maxMemoryMb }),
    describeItem({ kind: 'time', value: limits.timeoutMs }),
    ...(limits.maxFuel === undefined ? [] : [describeItem({ kind: 'fuel', value: limits.maxFuel })]),
  ];
}

/** What `after` asks for and `before` did not: the part of an update that needs a person's consent. */
export function describeAdded(before: Asking, after: Asking): readonly string[] {
  const { items, mounts } = addedItems(before, after);
  return [...items.map(describeItem), ...mounts.map(describeMount)];
}

/** One item in words, to follow "It asks to" or "It may". */
export function describeItem(item: GrantItem): string {
  switch (item.kind) {
    case 'net':
      return describeHost(item.host);
    case 'fs':
      return item.access === 'read-only'
        ? 'read the files of its own package'
        : 'keep files in a private folder of its own';
    case 'mount':
      return `${item.access === 'read-only' ? 'read' : 'read and change'} the files in ${item.hostPath}, which it sees as ${item.guestPath}`;
    case 'env':
      return `read the environment variable ${item.name}`;
    case 'ask':
      return askWords[item.target];
    case 'credential': {
      const names = secretNames(item.value).join(' and ');
      return `have your secret ${names} sent to ${item.host} in the header ${item.header}, without seeing it`;
    }
    case 'memory':
      return `use up to ${item.value} MiB of memory`;
    case 'time':
      return `take up to ${item.value / 1000} s for a call`;
    case 'fuel':
      return `use up to ${item.value} units of fuel for a call`;
    case 'requests':
      return `have ${item.value} requests on their way at the same time`;
    case 'rate':
      return `be called ${item.value} times a minute`;
    case 'clock':
      return 'measure time exactly';
  }
}

const askWords: Readonly<Record<AskTarget, string>> = {
  user: 'ask the person at the client to fill in forms',
  model: "ask the client's model",
  roots: 'learn which folders the client works on',
};

export function describeMount({ path, access }: RequestedMount): string {
  return `${access === 'read-only' ? 'read' : 'read and change'} the files in a folder of your choice, which it sees as ${path}`;
}

function describeHost(host: string): string {
  const [, server, port] = /^tcp:\/\/(.*):(\d+)$/.exec(host) ?? [];
  if (server !== undefined) return `open connections of any kind to port ${port} of ${server}`;
  if (host === '*') return 'connect to any public host';
  const [, scheme, suffix] = /^(.*?)\*\.(.*)$/.exec(host) ?? [];
  if (suffix !== undefined) return `connect to every host under ${scheme}${suffix}`;
  return host.includes('*') ? `connect to any public host, as ${host}` : `connect to ${host}`;
}
