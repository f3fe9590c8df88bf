import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { createGrant } from '../model/grant.ts';
import { formatGrantItem, parseGrantItem } from '../model/grant-item.ts';
import type { HostTarget } from '../model/host-match.ts';
import { judge } from '../sandbox/egress/judge.ts';
import type { CallPolicy } from './call-policy.ts';
import { computePolicy } from './compute-policy.ts';
import { beyondPolicy, narrowPolicy } from './narrow-policy.ts';

const grantOf = (items: readonly string[]) =>
  createGrant(items.map(parseGrantItem), { by: 'ada', at: new Date(0) });
const policyOf = (...items: readonly string[]) =>
  computePolicy({
    grant: grantOf(items),
    config: {
      runtime: { defaultTimeoutSecs: 5, defaultCallsPerMinute: 600 },
      sandbox: { defaultMaxMemoryMb: 64, defaultMaxFuel: 10_000_000_000, defaultMaxRequests: 8 },
    },
    paths: { packageFolder: '/kami/package', privateFolder: '/kami/private', kamiFolders: ['/kami'] },
  });
const narrowed = (granted: readonly string[], ceiling: readonly string[]) =>
  narrowPolicy(policyOf(...granted), grantOf(ceiling));
const beyond = (granted: readonly string[], ceiling: readonly string[]) =>
  beyondPolicy(policyOf(...granted), grantOf(ceiling)).map(formatGrantItem);

const key = `credential=a.example/X-Key=\${KEY}`;
const all = [
  'net=a.example',
  'fs=sandbox',
  'mount=/srv:/data:rw',
  'env=LANG',
  key,
  'memory=128',
  'time=2s',
  'clock=fine',
];

test('a ceiling that names everything changes nothing, and one that names nothing leaves nothing but limits', () => {
  expect(narrowed(all, all)).toEqual(policyOf(...all));
  expect(beyond(all, all)).toEqual([]);
  expect(narrowed(all, [])).toEqual(policyOf('memory=128', 'time=2s'));
  expect(beyond(all, [])).toEqual([]);
});

test('what was not granted is not granted by being named, and is told', () => {
  expect(narrowed([], all)).toEqual(policyOf('time=2s'));
  expect(beyond([], all)).toEqual(all.filter((item) => item !== 'time=2s'));
});

describe('one permission', () => {
  it.each<[string, readonly string[], readonly string[], Partial<CallPolicy> | string, readonly string[]]>([
    ['a mount becomes read-only', ['mount=/srv:/data:rw'], ['mount=/srv:/data:ro'], '/data read-only', []],
    [
      'a mount does not become writable',
      ['mount=/srv:/data:ro'],
      ['mount=/srv:/data:rw'],
      '/data read-only',
      ['mount=/srv:/data:rw'],
    ],
    // Through the outer one the tool could have put a link there.
    [
      'a mount does not move into itself',
      ['mount=/srv:/data:rw'],
      ['mount=/srv/in:/data:ro'],
      '',
      ['mount=/srv/in:/data:ro'],
    ],
    ['a mount does not move', ['mount=/srv:/data:ro'], ['mount=/etc:/data:ro'], '', ['mount=/etc:/data:ro']],
    ['a private folder goes', ['fs=sandbox'], ['fs=read-only'], '/package read-only', []],
    [
      'a private folder does not come',
      ['fs=read-only'],
      ['fs=sandbox'],
      '/package read-only',
      ['fs=sandbox'],
    ],
    // It was refused because of the outer one, which other clients may still write through.
    [
      'a refused mount stays refused when its reason goes',
      ['mount=/srv:/out:rw', 'mount=/srv/in:/in:ro'],
      ['mount=/srv/in:/in:ro'],
      '',
      ['mount=/srv/in:/in:ro'],
    ],
  ])('%s', (_what, granted, ceiling, mounts, refused) => {
    const { files } = narrowed(granted, ceiling);
    expect(files.mounts.map(({ guestPath, access }) => `${guestPath} ${access}`).join()).toBe(mounts);
    expect(beyond(granted, ceiling)).toEqual(refused);
  });

  it("a limit is the lower one, the host's own included", () => {
    const { limits } = narrowed(['memory=128', 'fuel=5'], ['memory=256', 'fuel=9', 'rate=10', 'time=1s']);
    expect(limits).toMatchObject({ maxMemoryMb: 128, maxFuel: 5, callsPerMinute: 10, timeoutMs: 1_000 });
    expect(beyond(['memory=128', 'fuel=5'], ['memory=256', 'fuel=9', 'rate=700', 'time=1s'])).toEqual([
      'memory=256',
      'fuel=9',
      'rate=700',
    ]);
  });

  it('a host out of a wildcard is still a public one only: naming it opens no private address', () => {
    const target: HostTarget = { scheme: 'https', host: 'a.example', port: 443 };
    const reaches = (granted: string, ceiling: string) =>
      judge(narrowed([`net=${granted}`], [`net=${ceiling}`]).network.allow, target);
    expect(reaches('*', 'a.example')?.allowsAddress('10.0.0.1', 'private')).toBe(false);
    expect(reaches('*', 'a.example')?.allowsAddress('203.0.112.1', 'public')).toBe(true);
    expect(reaches('a.example', '*')?.allowsAddress('10.0.0.1', 'private')).toBe(false);
    expect(reaches('a.example', 'a.example')?.allowsAddress('10.0.0.1', 'private')).toBe(true);
    expect(reaches('*', '*.a.example')).toBeUndefined();
    expect(reaches('*', 'http://a.example')).toBeUndefined();
    const here = narrowed(['net=*'], ['net=localhost', 'net=127.0.0.1', 'net=tcp://a.example:5432']);
    for (const host of ['localhost', '127.0.0.1']) {
      for (const [scheme, port] of [
        ['https', 443],
        ['http', 80],
      ] as const) {
        const verdict = judge(here.network.allow, { scheme, host, port });
        expect(verdict?.allowsAddress('127.0.0.1', 'special') ?? false).toBe(false);
      }
    }
    expect(judge(here.network.allow, { scheme: 'tcp', host: 'a.example', port: 5432 })).toBeUndefined();
  });

  it('a use of what is left is a use of what was granted', () => {
    const { network } = narrowed(['net=*.example'], ['net=a.example']);
    expect(network.allow.map(({ text, host }) => [text, host])).toEqual([['*.example', 'a.example']]);
  });
});

test('whatever a ceiling names, nothing is allowed that the policy does not allow', () => {
  const hosts = [
    '*',
    '*.a.example',
    'a.example',
    'b.a.example',
    'http://a.example',
    'localhost',
    '10.0.0.1',
    'tcp://a.example:443',
  ];
  const item = fc.oneof(
    fc.constantFrom(...hosts).map((host) => `net=${host}`),
    fc.constantFrom(
      'fs=read-only',
      'fs=sandbox',
      'env=A',
      'env=B',
      'clock=fine',
      key,
      'memory=32',
      'memory=512',
    ),
    fc
      .tuple(
        fc.constantFrom('/srv', '/srv/in', '/etc', '/kami/x'),
        fc.constantFrom('/data', '/in'),
        fc.constantFrom('ro', 'rw'),
      )
      .map(([hostPath, place, mode]) => `mount=${hostPath}:${place}:${mode}`),
  );
  const items = fc.array(item, { maxLength: 8 });
  const target = fc.record({
    scheme: fc.constantFrom('http' as const, 'https' as const, 'tcp' as const),
    host: fc.constantFrom('a.example', 'b.a.example', 'example', 'localhost', '10.0.0.1'),
    port: fc.constantFrom(80, 443),
  });
  const reach = fc.constantFrom('public' as const, 'private' as const, 'special' as const);
  fc.assert(
    fc.property(items, items, target, reach, (granted, ceiling, at, how) => {
      const policy = policyOf(...granted);
      const left = narrowPolicy(policy, grantOf(ceiling));
      const may = ({ network }: CallPolicy) =>
        judge(network.allow, at)?.allowsAddress('192.0.2.1', how) ?? false;
      expect(may(left) && !may(policy)).toBe(false);
      for (const mount of left.files.mounts) {
        const whole = policy.files.mounts.find(({ guestPath }) => guestPath === mount.guestPath);
        expect(whole?.hostPath).toBe(mount.hostPath);
        if (mount.access === 'read-write') expect(whole?.access).toBe('read-write');
      }
      expect(policy.environment).toEqual(expect.arrayContaining([...left.environment]));
      expect(policy.network.credentials).toEqual(expect.arrayContaining([...left.network.credentials]));
      expect(left.limits.maxMemoryMb).toBeLessThanOrEqual(policy.limits.maxMemoryMb);
      if (left.clock === 'fine') expect(policy.clock).toBe('fine');
    }),
    { numRuns: 2_000 },
  );
});
