import { createHmac } from 'node:crypto';
import { lutimes, utimes } from 'node:fs/promises';
import type {
  Datetime,
  DescriptorStat,
  MetadataHashValue,
} from '@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types';
import type { FileCall } from './file-call.ts';
import { fail } from './file-error.ts';
import type { At } from './file-methods.ts';
import { type Held, isSame } from './held.ts';
import { parsePath } from './path-names.ts';
import type { ArgsReader } from './read-args.ts';
import type { Place } from './resolve.ts';

const second = 1_000_000_000n;

interface FollowAt extends At {
  readonly follow: boolean;
}

type NewTime = ReturnType<ArgsReader['time']>;

interface NewTimes {
  readonly access: NewTime;
  readonly modification: NewTime;
}

export async function stat(call: FileCall, handle: number): Promise<DescriptorStat> {
  return describe(call.descriptor(handle).held);
}

export function statAt(call: FileCall, at: FollowAt): Promise<DescriptorStat> {
  return atEntry(call, at, (entry) => describe(entry));
}

export async function metadataHash(call: FileCall, handle: number): Promise<MetadataHashValue> {
  return hash(call, call.descriptor(handle).held);
}

export function metadataHashAt(call: FileCall, at: FollowAt): Promise<MetadataHashValue> {
  return atEntry(call, at, (entry) => hash(call, entry));
}

export async function isSameObject(call: FileCall, handle: number, other: number): Promise<boolean> {
  return isSame(call.descriptor(handle).held, call.descriptor(other).held);
}

export async function setTimes(call: FileCall, handle: number, times: NewTimes): Promise<void> {
  const thing = call.descriptor(handle);
  call.writable(thing);
  const [access, modification] = await timesOf(thing.held, times);
  if (thing.kind === 'file') await thing.held.handle.utimes(access, modification);
  else await thing.held.self((path) => utimes(path, access, modification));
}

export function setTimesAt(call: FileCall, at: FollowAt, times: NewTimes): Promise<void> {
  call.writable(call.directory(at.handle));
  return atEntry(call, at, async (entry, { dir, name }) => {
    if (!['directory', 'regular-file', 'symbolic-link'].includes(entry.type)) fail('not-permitted');
    const [access, modification] = await timesOf(entry, times);
    if (name === undefined) await dir.self((path) => utimes(path, access, modification));
    else await dir.at(name, (path) => lutimes(path, access, modification));
  });
}

async function atEntry<T>(
  call: FileCall,
  { handle, path, follow }: FollowAt,
  work: (entry: Held, place: Place) => Promise<T>,
): Promise<T> {
  const throughLink = follow || parsePath(path).directory;
  return call.place(call.directory(handle), path, throughLink, async (place) => {
    const { entry } = place;
    if (entry === undefined) fail('no-entry');
    if (place.directory && entry.type !== 'directory') fail('not-directory');
    return work(entry, place);
  });
}

async function describe(held: Held): Promise<DescriptorStat> {
  const { nlink, size, atimeNs, mtimeNs, ctimeNs } = await held.stat();
  return {
    type: held.type,
    linkCount: nlink,
    size,
    ...{ dataAccessTimestamp: datetime(atimeNs), dataModificationTimestamp: datetime(mtimeNs) },
    statusChangeTimestamp: datetime(ctimeNs),
  };
}

/** WASI has no time before 1970. */
function datetime(ns: bigint): Datetime {
  const time = ns < 0n ? 0n : ns;
  return { seconds: time / second, nanoseconds: Number(time % second) };
}

/** The salt is the call's: a guest learns that something changed within a call, and no number of the host. */
async function hash(call: FileCall, held: Held): Promise<MetadataHashValue> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await held.stat();
  const digest = createHmac('sha256', call.salt).update([dev, ino, size, mtimeNs, ctimeNs].join()).digest();
  return { lower: digest.readBigUInt64LE(0), upper: digest.readBigUInt64LE(8) };
}

/** What Node passes on as "leave it"; libuv knows that since 1.51. */
const [uvMajor = 0, uvMinor = 0] = process.versions.uv.split('.').map(Number);
const leaveIt = uvMajor > 1 || uvMinor >= 51 ? new Date(Number.NaN) : undefined;

/** Seconds since 1970. Node takes them as a double, so a time is exact to a quarter of a microsecond. */
async function timesOf(
  held: Held,
  { access, modification }: NewTimes,
): Promise<readonly [number | Date, number | Date]> {
  const { atimeNs, mtimeNs } = await held.stat();
  const now = Date.now() / 1000;
  const pick = ({ tag, seconds }: NewTime, present: bigint): number | Date => {
    if (tag === 'no-change') return leaveIt ?? Number(present) / 1e9;
    return tag === 'now' ? now : (seconds ?? now);
  };
  return [pick(access, atimeNs), pick(modification, mtimeNs)];
}
