import { describe, expect, it, test } from 'vitest';
import { createGrant, type Grant, noGrant } from '../model/grant.ts';
import { parseGrantItem } from '../model/grant-item.ts';
import { computePolicy, type PolicyInput } from './compute-policy.ts';
import { resolveEnvironment } from './resolve-environment.ts';

const config: PolicyInput['config'] = {
  runtime: { defaultTimeoutSecs: 5, defaultCallsPerMinute: 600 },
  sandbox: { defaultMaxMemoryMb: 64, defaultMaxFuel: 10_000_000_000, defaultMaxRequests: 8 },
};
const paths: PolicyInput['paths'] = {
  packageFolder: '/home/ada/.local/share/kami/packages/echo',
  privateFolder: '/home/ada/.local/share/kami/private/dev.example.echo',
  kamiFolders: ['/home/ada/.local/share/kami', '/home/ada/.config/kami'],
};
const policyOf = (grant: Grant, changes: Partial<PolicyInput> = {}) =>
  computePolicy({ grant, config, paths, ...changes });
const granted = (...texts: readonly string[]) =>
  policyOf(createGrant(texts.map(parseGrantItem), { by: 'ada', at: new Date(0) }));

test('without a grant everything is denied, field by field', () => {
  expect(policyOf(noGrant)).toStrictEqual({
    limits: {
      maxMemoryMb: 64,
      timeoutMs: 5_000,
      maxInputBytes: 8_388_608,
      maxOutputBytes: 8_388_608,
      maxLogLines: 1_000,
      maxLogLineLength: 8_192,
      maxFuel: 10_000_000_000,
      maxConcurrentRequests: 8,
      callsPerMinute: 600,
    },
    network: { allow: [], credentials: [] },
    files: { mounts: [] },
    environment: [],
    asks: [],
    clock: 'coarse',
    denied: [],
  });
});

test('what is granted becomes the policy, and nothing else', () => {
  const policy = granted(
    'net=api.github.com',
    'fs=sandbox',
    'mount=/srv/docs:/data:ro',
    'env=LANG',
    'ask=user',
    `credential=api.github.com/Authorization=Bearer \${TOKEN}`,
    'memory=128',
    'time=1500ms',
    'fuel=7',
    'requests=2',
    'rate=60',
    'clock=fine',
  );
  const host = {
    text: 'api.github.com',
    kind: 'exact',
    scheme: undefined,
    host: 'api.github.com',
    port: undefined,
    publicOnly: false,
  };
  expect(policy).toStrictEqual({
    limits: {
      maxMemoryMb: 128,
      timeoutMs: 1_500,
      maxInputBytes: 8_388_608,
      maxOutputBytes: 8_388_608,
      maxLogLines: 1_000,
      maxLogLineLength: 8_192,
      maxFuel: 7,
      maxConcurrentRequests: 2,
      callsPerMinute: 60,
    },
    network: {
      allow: [host],
      credentials: [{ host, header: 'Authorization', value: `Bearer \${TOKEN}`, secrets: ['TOKEN'] }],
    },
    files: {
      mounts: [
        { guestPath: '/package', hostPath: paths.packageFolder, access: 'read-only', quota: undefined },
        {
          guestPath: '/sandbox',
          hostPath: paths.privateFolder,
          access: 'read-write',
          quota: { bytes: 67_108_864, entries: 10_000 },
        },
        { guestPath: '/data', hostPath: '/srv/docs', access: 'read-only', quota: undefined },
      ],
    },
    environment: ['LANG'],
    asks: ['user'],
    clock: 'fine',
    denied: [],
  });
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(frozen));
  expect(frozen(policy)).toBe(true);
});

test('limits that were not granted follow the configuration', () => {
  const changed = {
    runtime: { defaultTimeoutSecs: 0.25, defaultCallsPerMinute: 5 },
    sandbox: { defaultMaxMemoryMb: 16, defaultMaxFuel: 99, defaultMaxRequests: 1 },
  };
  expect(policyOf(noGrant, { config: changed }).limits).toMatchObject({
    maxMemoryMb: 16,
    timeoutMs: 250,
    maxFuel: 99,
    maxConcurrentRequests: 1,
    callsPerMinute: 5,
  });
});

describe('what is unclear or contradicts itself is denied with a reason', () => {
  it.each([
    ['the registry', ['mount=/home/ada/.local/share/kami:/data:ro'], /files of KAMI/],
    ['the store', ['mount=/home/ada/.local/share/kami/store:/data:ro'], /files of KAMI/],
    [
      'the private folder of another tool',
      ['mount=/home/ada/.local/share/kami/private/x:/data:rw'],
      /files of KAMI/,
    ],
    ['a folder around the settings', ['mount=/home/ada:/data:ro'], /files of KAMI/],
    ['the whole disk', ['mount=/:/data:ro'], /files of KAMI/],
    [
      'a folder inside one that the tool may change',
      ['mount=/srv:/a:rw', 'mount=/srv/docs:/b:ro'],
      /may change/,
    ],
    ['a folder that is ro and rw', ['mount=/srv:/a:rw', 'mount=/srv:/b:ro'], /may change/],
    [
      'a credential for a host that is not granted',
      ['net=b.example', `credential=a.example/X-Key=\${K}`],
      /needs net=a\.example/,
    ],
    [
      'a credential for another port',
      ['net=a.example', `credential=a.example:8443/X-Key=\${K}`],
      /needs net=a\.example:8443/,
    ],
    [
      'a credential for a host that is granted for raw TCP',
      ['net=tcp://a.example:443', `credential=a.example/X-Key=\${K}`],
      /needs net=a\.example/,
    ],
  ])('%s', (_what, items, reason) => {
    const policy = granted(...items);
    expect(policy.denied).toEqual([{ item: items.at(-1), reason: expect.stringMatching(reason) }]);
    expect(policy.network.credentials).toEqual([]);
    expect(policy.files.mounts).toHaveLength(items.filter((item) => item === 'mount=/srv:/a:rw').length);
  });

  it('also in a grant that was not read by us', () => {
    const mount = { guestPath: '/data', hostPath: '/srv', access: 'read-only' } as const;
    const policy = policyOf({
      ...noGrant,
      network: ['https://evil.example/path', '*'],
      environment: ['A=B', 'A'],
      mounts: [
        mount,
        { ...mount, hostPath: '/tmp' },
        { ...mount, guestPath: '/../x' },
        { ...mount, guestPath: '/r', hostPath: 'rel' },
      ],
      credentials: [
        { host: '*', header: 'X-Key', value: `\${K}` },
        { host: 'a.example', header: 'Host', value: `\${K}` },
        { host: 'a.example', header: 'X-Key', value: 'plain' },
      ],
      limits: { ...noGrant.limits, maxMemoryMb: 1e9, timeoutMs: Number.NaN, maxFuel: -1 },
    });
    expect(policy.denied).toHaveLength(12);
    expect(policy).toMatchObject({
      limits: { maxMemoryMb: 64, timeoutMs: 5_000, maxFuel: 10_000_000_000 },
      network: { allow: [{ text: '*' }], credentials: [] },
      files: { mounts: [] },
      environment: ['A'],
    });
  });

  it('and so is a package of which nothing was kept', () => {
    const grant = createGrant([parseGrantItem('fs=read-only')], { by: 'ada', at: new Date(0) });
    const policy = policyOf(grant, { paths: { ...paths, packageFolder: undefined } });
    expect(policy.files.mounts).toEqual([]);
    expect(policy.denied).toEqual([
      { item: 'fs=read-only', reason: expect.stringMatching(/without any file/) },
    ]);
  });
});

test('a folder that only looks like one of ours, and a ro folder around a rw one, are granted', () => {
  const policy = granted(
    'mount=/home/ada/.local/share/kami-notes:/n:rw',
    'mount=/srv:/a:ro',
    'mount=/srv/out:/b:rw',
  );
  expect(policy.denied).toEqual([]);
  expect(policy.files.mounts).toHaveLength(3);
});

test('variables come from the secrets of the tool, then from the host, and only the granted ones', () => {
  const host = { LANG: 'C', HOME: '/home/ada', TOKEN: 'of the host' };
  const secrets = new Map([
    ['TOKEN', 'of the tool'],
    ['OTHER', 'x'],
  ]);
  expect(resolveEnvironment(['LANG', 'TOKEN', 'MISSING', '__proto__', 'constructor'], secrets, host)).toEqual(
    [
      ['LANG', 'C'],
      ['TOKEN', 'of the tool'],
    ],
  );
});
