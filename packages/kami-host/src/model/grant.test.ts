import { describe, expect, it } from 'vitest';
import { changeGrant, createGrant, type Grant, grantItems, hasGrantItem, noGrant } from './grant.ts';
import { formatGrantItem, parseGrantItem, parseGrantSelector } from './grant-item.ts';

const grantor = { by: 'ada', at: new Date('2026-01-02T03:04:05.678Z') };
const later = { by: 'eve', at: new Date('2026-05-05T00:00:00.000Z') };
const of = (...texts: readonly string[]) => createGrant(texts.map(parseGrantItem), grantor);
const textsOf = (grant: Grant) => grantItems(grant).map(formatGrantItem);
const add = (grant: Grant, ...texts: readonly string[]) =>
  changeGrant(grant, { add: texts.map(parseGrantItem), remove: [] }, later);
const remove = (grant: Grant, ...texts: readonly string[]) =>
  changeGrant(grant, { add: [], remove: texts.map(parseGrantSelector) }, later);

describe('noGrant', () => {
  it('denies everything, field by field', () => {
    expect(noGrant).toStrictEqual({
      network: [],
      fileSystem: 'none',
      mounts: [],
      environment: [],
      asks: [],
      credentials: [],
      limits: {
        maxMemoryMb: undefined,
        timeoutMs: undefined,
        maxFuel: undefined,
        maxConcurrentRequests: undefined,
        callsPerMinute: undefined,
      },
      fineClock: false,
      grantedBy: undefined,
      grantedAt: undefined,
    });
    expect(grantItems(noGrant)).toEqual([]);
  });
});

describe('a grant', () => {
  const all = [
    'net=api.github.com',
    'net=*.example.com',
    'fs=sandbox',
    'mount=/srv:/data:ro',
    'env=LANG',
    `credential=api.github.com/Authorization=Bearer \${T}`,
    'memory=128',
    'time=10s',
    'fuel=7',
    'requests=2',
    'rate=60',
    'clock=fine',
  ];

  it('is frozen, knows who made it, and gives its items back', () => {
    const grant = of(...all);
    expect(textsOf(grant)).toEqual(all);
    expect(grant).toMatchObject({ grantedBy: 'ada', grantedAt: '2026-01-02T03:04:05.678Z' });
    for (const part of [
      grant,
      grant.network,
      grant.mounts,
      grant.mounts[0],
      grant.credentials[0],
      grant.limits,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    expect(hasGrantItem(grant, parseGrantItem('env=LANG'))).toBe(true);
    expect(hasGrantItem(grant, parseGrantItem('env=LANGUAGE'))).toBe(false);
  });

  it('has one limit of a kind, one folder at a place, and one credential for a header', () => {
    const grant = of(
      'memory=1',
      'memory=2',
      'mount=/a:/data:ro',
      'mount=/b:/data:rw',
      'fs=sandbox',
      'fs=read-only',
    );
    expect(textsOf(grant)).toEqual(['fs=read-only', 'mount=/b:/data:rw', 'memory=2']);
    const credentials = of(
      `credential=a.example.com/Authorization=\${A}`,
      `credential=a.example.com/authorization=\${B}`,
      `credential=b.example.com/Authorization=\${C}`,
    );
    expect(credentials.credentials.map(({ value }) => value)).toEqual([`\${B}`, `\${C}`]);
  });

  it('grows by what is added, and keeps its grantor when nothing is new', () => {
    const grant = of('net=a.example.com');
    expect(textsOf(add(grant, 'net=b.example.com'))).toEqual(['net=a.example.com', 'net=b.example.com']);
    expect(add(grant, 'net=b.example.com').grantedBy).toBe('eve');
    expect(add(grant, 'net=a.example.com')).toBe(grant);
  });

  it('shrinks by item, by kind and by place', () => {
    const grant = of(...all);
    expect(textsOf(remove(grant, 'net', 'mount=/data', 'credential'))).toEqual(
      all.filter((text) => !/^(net|mount|credential)=/.test(text)),
    );
    expect(remove(grant, 'net=api.github.com').network).toEqual(['*.example.com']);
    expect(remove(grant, 'net=github.com', 'memory=64', 'mount=/srv:/data:rw')).toBe(grant);
    expect(textsOf(remove(grant, ...all))).toEqual([]);
  });
});
