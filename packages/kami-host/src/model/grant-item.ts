import { KamiError } from '../errors/kami-error.ts';
import type { MountAccess } from './capability.ts';
import { type AskTarget, askTargets } from './client-request.ts';
import { credentialHeader, credentialHost, credentialValue } from './credential.ts';
import { guestPath } from './guest-path.ts';
import { hostPattern } from './host-pattern.ts';
import { limitBounds } from './limits.ts';
import { findDeceptive, quoteText } from './text.ts';
import type { Checked } from './toml/checks.ts';
import { nearest } from './toml/suggest.ts';
import { isVariableName } from './variable-name.ts';

/** One thing that an operator can grant. As text it is what flags take and messages show, such as `net=api.example.com`. */
export type GrantItem =
  /** `net=HOST`, as in `net_allow_list`. */
  | { readonly kind: 'net'; readonly host: string }
  /** `fs=read-only` or `fs=sandbox`. */
  | { readonly kind: 'fs'; readonly access: 'read-only' | 'sandbox' }
  /** `mount=/host/folder:/guest/path:ro` or `…:rw`. */
  | {
      readonly kind: 'mount';
      readonly hostPath: string;
      readonly guestPath: string;
      readonly access: MountAccess;
    }
  /** `env=NAME`. */
  | { readonly kind: 'env'; readonly name: string }
  /** `ask=user`, `ask=model` or `ask=roots`: whom it may ask through its client. */
  | { readonly kind: 'ask'; readonly target: AskTarget }
  /** `credential=HOST/HEADER=VALUE`, with `${NAME}` of a secret in the value. */
  | {
      readonly kind: 'credential';
      readonly host: string;
      readonly header: string;
      readonly value: string;
    }
  /** `memory=128` (MiB), `time=10s` (ms in the value), `fuel=5000000000`, `requests=8` (at once), `rate=60` (calls a minute). */
  | { readonly kind: LimitKind; readonly value: number }
  /** `clock=fine`. */
  | { readonly kind: 'clock'; readonly resolution: 'fine' };

export type LimitKind = 'memory' | 'time' | 'fuel' | 'requests' | 'rate';
export type GrantKind = GrantItem['kind'];

/** What can be taken away or denied: one item, all of a kind (`net`), or the mount at a guest path (`mount=/data`). */
export type GrantSelector =
  | { readonly select: 'item'; readonly item: GrantItem }
  | { readonly select: 'kind'; readonly kind: GrantKind }
  | { readonly select: 'mount-at'; readonly guestPath: string };

/** The form of each kind, for messages. */
const forms: Readonly<Record<GrantKind, string>> = {
  net: 'net=api.example.com',
  fs: 'fs=read-only or fs=sandbox',
  mount: 'mount=/host/folder:/data:ro (or :rw)',
  env: 'env=NAME',
  ask: 'ask=user, ask=model or ask=roots',
  credential: `'credential=api.example.com/Authorization=Bearer \${API_TOKEN}'`,
  memory: 'memory=128 (MiB)',
  time: 'time=10s',
  fuel: 'fuel=5000000000',
  requests: 'requests=8 (at the same time)',
  rate: 'rate=60 (calls a minute)',
  clock: 'clock=fine',
};

const kinds = Object.keys(forms) as GrantKind[];

/** Stands for a folder that the operator has yet to choose, in messages. */
export const anyFolder = '<folder>';

/** All forms, for the help of a command. */
export const grantForms: readonly string[] = Object.values(forms);

/** `time` is stored in ms, and as text needs its unit. */
const limitMaximum: Readonly<Record<LimitKind, number>> = {
  memory: limitBounds.maxMemoryMb,
  time: limitBounds.timeoutMs,
  fuel: limitBounds.maxFuel,
  requests: limitBounds.maxConcurrentRequests,
  rate: limitBounds.callsPerMinute,
};

/**
 * Reads one item as flags give it.
 * @throws KamiError `KAMI_GRANT_INVALID`
 */
export function parseGrantItem(text: string): GrantItem {
  const [, word = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  const kind = kinds.find((known) => known === word);
  if (kind === undefined) throw unknownKind(text, word);
  if (value === undefined || value === '') {
    throw invalid(text, `it does not say which`, `Write it as ${forms[kind]}`);
  }
  return Object.freeze(readValue(kind, value, text));
}

/**
 * Reads what is to be denied or taken away: an item, or more than one at once.
 * @throws KamiError `KAMI_GRANT_INVALID`
 */
export function parseGrantSelector(text: string): GrantSelector {
  const kind = kinds.find((known) => known === text);
  if (kind !== undefined) return { select: 'kind', kind };
  const [, place] = /^mount=(\/[^:]*)$/s.exec(text) ?? [];
  if (place !== undefined) return { select: 'mount-at', guestPath: place };
  return { select: 'item', item: parseGrantItem(text) };
}

/** The one text of an item: `parseGrantItem` gives the same item back. */
export function formatGrantItem(item: GrantItem): string {
  switch (item.kind) {
    case 'net':
      return `net=${item.host}`;
    case 'fs':
      return `fs=${item.access}`;
    case 'mount':
      return `mount=${item.hostPath}:${item.guestPath}:${item.access === 'read-only' ? 'ro' : 'rw'}`;
    case 'env':
      return `env=${item.name}`;
    case 'ask':
      return `ask=${item.target}`;
    case 'credential':
      return `credential=${item.host}/${item.header}=${item.value}`;
    case 'time':
      return item.value % 1_000 === 0 ? `time=${item.value / 1_000}s` : `time=${item.value}ms`;
    case 'clock':
      return 'clock=fine';
    default:
      return `${item.kind}=${item.value}`;
  }
}

/** The text of a selector, as `parseGrantSelector` reads it. */
export function formatGrantSelector(selector: GrantSelector): string {
  switch (selector.select) {
    case 'kind':
      return selector.kind;
    case 'mount-at':
      return `mount=${selector.guestPath}`;
    case 'item':
      return formatGrantItem(selector.item);
  }
}

export function selects(selector: GrantSelector, item: GrantItem): boolean {
  switch (selector.select) {
    case 'kind':
      return item.kind === selector.kind;
    case 'mount-at':
      return item.kind === 'mount' && item.guestPath === selector.guestPath;
    case 'item':
      return formatGrantItem(item) === formatGrantItem(selector.item);
  }
}

function readValue(kind: GrantKind, value: string, text: string): GrantItem {
  switch (kind) {
    case 'net':
      return { kind, host: required(hostPattern(value), text, kind) };
    case 'fs':
      if (value === 'read-only' || value === 'sandbox') return { kind, access: value };
      throw invalid(text, 'fs is read-only or sandbox', `Write it as ${forms.fs}`);
    case 'mount':
      return readMount(value, text);
    case 'env':
      if (isVariableName(value)) return { kind, name: value };
      throw invalid(text, 'a variable is named by letters, digits and _', `Write it as ${forms.env}`);
    case 'ask': {
      const target = askTargets.find((known) => known === value);
      if (target !== undefined) return { kind, target };
      throw invalid(text, 'a tool asks the user, the model, or for the roots', `Write it as ${forms.ask}`);
    }
    case 'credential':
      return readCredential(value, text);
    case 'clock':
      if (value === 'fine') return { kind, resolution: 'fine' };
      throw invalid(text, 'a clock is coarse unless granted fine', `Write it as ${forms.clock}`);
    default:
      return { kind, value: readLimit(kind, value, text) };
  }
}

function readMount(value: string, text: string): GrantItem {
  const [, host = '', place, mode] = /^(.*):(\/[^:]*):(ro|rw)$/s.exec(value) ?? [];
  if (place === undefined || host === '') {
    throw invalid(
      text,
      'a mount is a folder of this machine, where the tool sees it, and ro or rw',
      `Write it as ${forms.mount}`,
    );
  }
  if (!/^(\/|[A-Za-z]:[\\/])/.test(host) || /(^|[\\/])\.{1,2}([\\/]|$)/.test(host)) {
    throw invalid(
      text,
      'the folder must be given from the root, without "." and ".." parts',
      `Write it as mount="$PWD/folder":${place}:${mode}`,
    );
  }
  const hidden = findDeceptive(host);
  if (hidden !== undefined || host.length > 4_096) {
    throw invalid(
      text,
      hidden === undefined ? 'the path is too long' : `the path has an invisible character (${hidden})`,
      'Give a folder by a plain path.',
    );
  }
  return {
    kind: 'mount',
    hostPath: withoutLastSlash(host),
    guestPath: required(guestPath(place), text, 'mount'),
    access: mode === 'rw' ? 'read-write' : 'read-only',
  };
}

/** In a path that begins with `/`, a backslash is a character like any other. */
function withoutLastSlash(path: string): string {
  return path.replace(path.startsWith('/') ? /(?<=[^/])\/+$/ : /(?<=[^:\\/])[\\/]+$/, '');
}

function readCredential(value: string, text: string): GrantItem {
  const [, host, header, template] = /^((?:(?:https?|tcp):\/\/)?[^/]*)\/([^=]*)=(.*)$/s.exec(value) ?? [];
  return {
    kind: 'credential',
    host: required(credentialHost(host), text, 'credential'),
    header: required(credentialHeader(header), text, 'credential'),
    value: required(credentialValue(template), text, 'credential'),
  };
}

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

function readLimit(kind: LimitKind, value: string, text: string): number {
  const maximum = limitMaximum[kind];
  const number = kind === 'time' ? readTime(value) : /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(number) && number >= 1 && number <= maximum) return number;
  const most = kind === 'time' ? `${maximum / 1_000}s` : String(maximum);
  throw invalid(
    text,
    `${kind} goes from 1${kind === 'time' ? 'ms' : ''} to ${most}`,
    `Write it as ${forms[kind]}`,
  );
}

function readTime(value: string): number {
  const [, number, unit = ''] = /^(\d{1,10}(?:\.\d{1,6})?)(ms|s|m)$/.exec(value) ?? [];
  if (number === undefined) return Number.NaN;
  // 1.001 s are not 1000.9999999999999 ms.
  return Number((Number(number) * (milliseconds[unit] ?? Number.NaN)).toFixed(6));
}

function required<T>(checked: Checked<T>, text: string, kind: GrantKind): T {
  if (checked.ok) return checked.value;
  const { must, suggestion } = checked;
  const meant = suggestion === undefined ? forms[kind] : `${kind}=…, with ${suggestion}`;
  throw invalid(text, `it must name ${must}`, `Write it as ${meant}`);
}

function unknownKind(text: string, word: string): KamiError {
  const meant = nearest(word, kinds);
  const question = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return invalid(
    text,
    `there is no such permission.${question}`.replace(/\.$/, ''),
    `Use one of these: ${Object.values(forms).join(', ')}`,
  );
}

function invalid(text: string, why: string, fix: string): KamiError {
  return new KamiError('KAMI_GRANT_INVALID', {
    message: `${quoteText(text, 200)} can't be granted: ${why}${/[.?]$/.test(why) ? '' : '.'}`,
    fix,
  });
}
