import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGrant, type Grant, type GrantedLimits, noGrant } from '../model/grant.ts';
import { formatGrantItem } from '../model/grant-item.ts';
import { matchesHost } from '../model/host-match.ts';
import { limitBounds } from '../model/limits.ts';
import type { CallPolicy } from './call-policy.ts';
import { computePolicy, type PolicyInput } from './compute-policy.ts';

const config: PolicyInput['config'] = {
  runtime: { defaultTimeoutSecs: 5, defaultCallsPerMinute: 600 },
  sandbox: { defaultMaxMemoryMb: 64, defaultMaxFuel: 10_000_000_000, defaultMaxRequests: 8 },
};
const kamiFolder = '/home/ada/.kami';
const paths: fc.Arbitrary<PolicyInput['paths']> = fc
  .constantFrom(undefined, `${kamiFolder}/packages/a`)
  .map((packageFolder) => ({
    packageFolder,
    privateFolder: `${kamiFolder}/private/a`,
    kamiFolders: [kamiFolder],
  }));

/** Few words, so that items meet: right ones, wrong ones, and any text. */
const host = fc.oneof(
  fc.constantFrom(
    'a.com',
    'A.com',
    'https://a.com',
    'a.com:443',
    'http://a.com',
    '*.a.com',
    '*',
    'tcp://a.com:443',
  ),
  fc.constantFrom('b.a.com', 'http://localhost:1', '*.*', 'a.com/x', ''),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const hostPath = fc.oneof(
  fc.constantFrom(
    '/srv',
    '/srv/',
    '/srv/in',
    '/srv/../home',
    '/home/ada',
    kamiFolder,
    `${kamiFolder}/x`,
    '/',
    'rel',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const guestPath = fc.oneof(
  fc.constantFrom('/data', '/in', '/data/in', '/package', '/sandbox/x', '/../x', '/', ''),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const number = fc.oneof(
  fc.constantFrom(undefined, 1, 0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53),
  fc.integer(),
  fc.double(),
);
/** A grant as a damaged or foreign registry might hold it: right in its types, and nothing else. */
const grant: fc.Arbitrary<Grant> = fc.record({
  network: fc.array(host, { maxLength: 4 }),
  fileSystem: fc.constantFrom('none', 'read-only', 'sandbox'),
  mounts: fc.array(
    fc.record({
      guestPath,
      hostPath,
      access: fc.constantFrom('read-only', 'read-write', 'rw' as 'read-write'),
    }),
    { maxLength: 3 },
  ),
  asks: fc.uniqueArray(fc.constantFrom('user', 'model', 'roots')),
  environment: fc.array(fc.oneof(fc.constantFrom('A', 'B_2', 'A=B', '', '__proto__'), fc.string()), {
    maxLength: 3,
  }),
  credentials: fc.array(
    fc.record({
      host,
      header: fc.oneof(fc.constantFrom('X-Key', 'x-key', 'Host', ''), fc.string()),
      value: fc.oneof(fc.constantFrom(`\${K}`, `Bearer \${K} \${L}`, 'plain', `\${K}\r\nx: y`), fc.string()),
    }),
    { maxLength: 3 },
  ),
  limits: fc.record({
    maxMemoryMb: number,
    timeoutMs: number,
    maxFuel: number,
    maxConcurrentRequests: number,
    callsPerMinute: number,
  }),
  fineClock: fc.oneof(fc.boolean(), fc.constant('yes' as unknown as boolean)),
  grantedBy: fc.constantFrom(undefined, 'ada'),
  grantedAt: fc.constant(undefined),
});

/** The same grant, of which nothing can be changed. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

const isFrozen = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (Object.isFrozen(value) && Object.values(value).every(isFrozen));

/** All that a policy allows beside its limits, one text each. */
function allowed({ network, files, environment, clock }: CallPolicy): ReadonlySet<string> {
  return new Set([
    ...network.allow.map(({ text }) => `net=${text}`),
    ...network.credentials.map(
      ({ host: { text }, header, value }) => `credential=${text}/${header}=${value}`,
    ),
    ...files.mounts.map((mount) => `mount ${JSON.stringify(mount)}`),
    ...environment.map((name) => `env=${name}`),
    ...(clock === 'fine' ? ['clock=fine'] : []),
  ]);
}

test('the policy allows nothing that is not in the grant, whatever the grant', () => {
  fc.assert(
    fc.property(grant, paths, (given, where) => {
      const policy = computePolicy({ grant: given, config, paths: where });
      const own = { package: where.packageFolder, private: where.privateFolder };
      const hosts = given.network.map((text) => text.toLowerCase());
      for (const pattern of policy.network.allow) expect(hosts).toContain(pattern.text);
      for (const { host: to, header, value, secrets } of policy.network.credentials) {
        expect(given.credentials.map((one) => ({ ...one, host: one.host.toLowerCase() }))).toContainEqual({
          host: to.text,
          header,
          value,
        });
        expect(to.kind).toBe('exact');
        expect(secrets.length).toBeGreaterThan(0);
        expect(`${header}${value}`).toMatch(/^[\x20-\x7e]+$/);
        // It can be sent only where a request may go.
        const [scheme, port] = [to.scheme ?? 'https', to.port ?? (to.scheme === 'http' ? 80 : 443)] as const;
        expect(policy.network.allow.some((one) => matchesHost(one, { scheme, host: to.host, port }))).toBe(
          true,
        );
      }
      for (const mount of policy.files.mounts) {
        if (mount.guestPath === '/package') {
          expect(mount).toMatchObject({ hostPath: own.package, access: 'read-only' });
          expect(given.fileSystem).not.toBe('none');
        } else if (mount.guestPath === '/sandbox') {
          expect(mount).toMatchObject({ hostPath: own.private, access: 'read-write' });
          expect(mount.quota).toBeDefined();
          expect(given.fileSystem).toBe('sandbox');
        } else {
          const { quota: _, ...plain } = mount;
          expect(given.mounts).toContainEqual(plain);
          expect(`${mount.hostPath}/`.startsWith(`${kamiFolder}/`)).toBe(false);
        }
      }
      const places = policy.files.mounts.map((mount) => mount.guestPath);
      expect(new Set(places).size).toBe(places.length);
      for (const name of policy.environment) {
        expect(given.environment).toContain(name);
        expect(name).toMatch(/^\w+$/);
      }
      if (policy.clock === 'fine') expect(given.fineClock).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test('a limit is what was granted, within the bounds, or the default', () => {
  const byDefault = computePolicy({
    grant: noGrant,
    config,
    paths: fc.sample(paths, 1)[0] as PolicyInput['paths'],
  });
  fc.assert(
    fc.property(grant, paths, (given, where) => {
      const { limits } = computePolicy({ grant: given, config, paths: where });
      for (const field of Object.keys(limitBounds) as (keyof GrantedLimits)[]) {
        const value = limits[field];
        expect([given.limits[field], byDefault.limits[field]]).toContain(value);
        expect(Number.isSafeInteger(value) && value >= 1 && value <= limitBounds[field]).toBe(true);
      }
      expect({ ...limits, ...byDefault.limits }).toEqual(byDefault.limits);
    }),
  );
});

test('it is deeply frozen, the same for the same grant, and leaves the grant alone', () => {
  fc.assert(
    fc.property(grant, paths, (given, where) => {
      const input = frozen({ grant: given, config: structuredClone(config), paths: where });
      const policy = computePolicy(input);
      expect(isFrozen(policy)).toBe(true);
      expect(computePolicy(structuredClone(input))).toStrictEqual(policy);
    }),
  );
});

/** The grant without one of its items, for each of them. Limits are left: without one the default holds, which may be more. */
function smaller(given: Grant): readonly Grant[] {
  const lists = ['network', 'mounts', 'environment', 'credentials'] as const;
  return [
    ...lists.flatMap((field) =>
      given[field].map((_, at) => ({ ...given, [field]: given[field].toSpliced(at, 1) })),
    ),
    { ...given, fileSystem: 'none' as const },
    { ...given, fineClock: false },
  ];
}

test('without one of its items a grant allows no more, but for what that item contradicted', () => {
  fc.assert(
    fc.property(grant, paths, (given, where) => {
      const whole = computePolicy({ grant: given, config, paths: where });
      const before = allowed(whole);
      // What contradicts itself is denied, and so may be allowed when one side of it is gone.
      const denied = new Set(whole.denied.map(({ item }) => item));
      for (const less of smaller(given)) {
        const policy = computePolicy({ grant: less, config, paths: where });
        for (const text of allowed(policy)) {
          if (before.has(text)) continue;
          const mount = policy.files.mounts.find((one) => text === `mount ${JSON.stringify(one)}`);
          const item = mount === undefined ? text : formatGrantItem({ kind: 'mount', ...mount });
          expect([...denied].map((one) => one.toLowerCase())).toContain(item.toLowerCase());
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('of items that were parsed, a grant with nothing denied allows strictly no more without one of them', () => {
  const items = fc.array(
    fc.oneof(
      fc
        .constantFrom('a.com', '*.a.com', '*', 'tcp://a.com:443')
        .map((name) => ({ kind: 'net' as const, host: name })),
      fc.constantFrom('A', 'B').map((name) => ({ kind: 'env' as const, name })),
      fc.record({
        kind: fc.constant('mount' as const),
        hostPath: fc.constantFrom('/srv', '/srv/in', '/opt'),
        guestPath: fc.constantFrom('/data', '/in'),
        access: fc.constantFrom('read-only', 'read-write'),
      }),
      fc
        .constantFrom('X-A', 'X-B')
        .map((header) => ({ kind: 'credential' as const, host: 'a.com', header, value: `\${K}` })),
    ),
    { maxLength: 5 },
  );
  let tried = 0;
  fc.assert(
    fc.property(items, paths, (list, where) => {
      const given = createGrant(list, { by: 'ada', at: new Date(0) });
      const whole = computePolicy({ grant: given, config, paths: where });
      if (whole.denied.length > 0) return;
      tried += 1;
      for (const less of smaller(given)) {
        const left = allowed(computePolicy({ grant: less, config, paths: where }));
        expect([...left].filter((text) => !allowed(whole).has(text))).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
  expect(tried).toBeGreaterThan(30);
});
