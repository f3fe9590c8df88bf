import { type Grant, type GrantedLimits, grantItems, limitFields } from '../model/grant.ts';
import type { GrantItem } from '../model/grant-item.ts';
import { packageGuestPath, privateGuestPath } from '../model/guest-path.ts';
import { coversPattern, type HostPattern, narrowPattern, parseHostPattern } from '../model/host-match.ts';
import type { Limits } from '../model/limits.ts';
import type { CallPolicy, PolicyCredential, PolicyMount } from './call-policy.ts';

/**
 * What is left of a policy below a ceiling: only what both allow. It is the policy that is cut, after everything in it
 * was judged, and not the grant: a folder that was refused because of another one stays refused when that one goes.
 * A limit that the ceiling does not name stays as it is. Pure and deeply frozen.
 */
export function narrowPolicy(policy: CallPolicy, ceiling: Grant): CallPolicy {
  const { network, files, environment, asks, clock, limits } = policy;
  const within = patternsOf(ceiling);
  return Object.freeze({
    ...policy,
    limits: narrowLimits(limits, ceiling.limits),
    network: Object.freeze({
      allow: Object.freeze(narrowPatterns(network.allow, within)),
      credentials: Object.freeze(network.credentials.filter((rule) => hasCredential(ceiling, rule))),
    }),
    files: Object.freeze({
      mounts: Object.freeze(files.mounts.flatMap((mount) => narrowMount(mount, ceiling))),
    }),
    environment: Object.freeze(environment.filter((name) => ceiling.environment.includes(name))),
    asks: Object.freeze(asks.filter((target) => ceiling.asks.includes(target))),
    clock: ceiling.fineClock ? clock : 'coarse',
  });
}

/** What a ceiling names and the policy does not allow, or not wholly: nothing of it is granted by being named. */
export function beyondPolicy(policy: CallPolicy, ceiling: Grant): readonly GrantItem[] {
  return grantItems(ceiling).filter((item) => !allows(policy, item));
}

function allows({ network, files, environment, asks, clock, limits }: CallPolicy, item: GrantItem): boolean {
  const has = (guestPath: string) => files.mounts.some((mount) => mount.guestPath === guestPath);
  switch (item.kind) {
    case 'net': {
      const pattern = parseHostPattern(item.host);
      return pattern !== undefined && network.allow.some((granted) => coversPattern(granted, pattern));
    }
    case 'fs':
      return has(privateGuestPath) || (item.access === 'read-only' && has(packageGuestPath));
    case 'mount':
      return files.mounts.some(
        (mount) => isSamePlace(mount, item) && (item.access === 'read-only' || mount.access === item.access),
      );
    case 'env':
      return environment.includes(item.name);
    case 'ask':
      return asks.includes(item.target);
    case 'credential':
      return network.credentials.some((rule) => isSameCredential(rule, item));
    case 'clock':
      return clock === 'fine';
    default:
      return item.value <= limits[limitFields[item.kind]];
  }
}

function patternsOf({ network }: Grant): readonly HostPattern[] {
  return network.flatMap((host) => parseHostPattern(host) ?? []);
}

/** An exact pattern of its own comes before what a wildcard leaves of it: the first that matches is asked. */
function narrowPatterns(granted: readonly HostPattern[], within: readonly HostPattern[]): HostPattern[] {
  return granted
    .flatMap((pattern) => within.flatMap((other) => narrowPattern(pattern, other) ?? []))
    .toSorted((a, b) => Number(a.publicOnly) - Number(b.publicOnly));
}

function hasCredential({ credentials }: Grant, rule: PolicyCredential): boolean {
  return credentials.some((credential) => isSameCredential(rule, credential));
}

type CredentialText = Pick<Extract<GrantItem, { kind: 'credential' }>, 'host' | 'header' | 'value'>;

function isSameCredential(
  { host, header, value }: PolicyCredential,
  { host: otherHost, header: otherHeader, value: otherValue }: CredentialText,
): boolean {
  return (
    host.text === otherHost && header.toLowerCase() === otherHeader.toLowerCase() && value === otherValue
  );
}

function narrowMount(mount: PolicyMount, { fileSystem, mounts }: Grant): readonly PolicyMount[] {
  if (mount.guestPath === packageGuestPath) return fileSystem === 'none' ? [] : [mount];
  if (mount.guestPath === privateGuestPath) return fileSystem === 'sandbox' ? [mount] : [];
  const other = mounts.find((candidate) => isSamePlace(mount, candidate));
  if (other === undefined) return [];
  return [other.access === 'read-write' ? mount : Object.freeze({ ...mount, access: 'read-only' })];
}

type Place = Pick<PolicyMount, 'guestPath' | 'hostPath'>;

function isSamePlace(a: Place, b: Place): boolean {
  return a.guestPath === b.guestPath && a.hostPath === b.hostPath;
}

function narrowLimits(limits: Limits, ceiling: GrantedLimits): Limits {
  const lower = Object.values(limitFields).map((field) => [
    field,
    Math.min(limits[field], ceiling[field] ?? limits[field]),
  ]);
  return Object.freeze({ ...limits, ...Object.fromEntries(lower) });
}
