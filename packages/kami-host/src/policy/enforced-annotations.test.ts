import { describe, expect, it, test } from 'vitest';
import { createGrant } from '../model/grant.ts';
import { parseGrantItem } from '../model/grant-item.ts';
import { parseToolId } from '../model/ids.ts';
import type { ToolAnnotations } from '../model/tool.ts';
import { computePolicy } from './compute-policy.ts';
import { correctionText, enforceAnnotations } from './enforced-annotations.ts';

/** The policy of a tool that was granted this, and has a package of its own. */
function policyOf(items: readonly string[]) {
  return computePolicy({
    grant: createGrant(items.map(parseGrantItem), { by: 'ada', at: new Date(0) }),
    config: {
      runtime: { defaultTimeoutSecs: 5, defaultCallsPerMinute: 600 },
      sandbox: { defaultMaxMemoryMb: 64, defaultMaxFuel: 10_000_000_000, defaultMaxRequests: 8 },
    },
    paths: { packageFolder: '/kami/package', privateFolder: '/kami/private', kamiFolders: ['/kami'] },
  });
}

/** As `readOnly destructive idempotent openWorld`: T, F, or - where clients are told nothing. */
function hintsOf(items: readonly string[], claims: ToolAnnotations): string {
  const { annotations } = enforceAnnotations(claims, policyOf(items));
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations;
  return [readOnlyHint, destructiveHint, idempotentHint, openWorldHint]
    .map((hint) => (hint === undefined ? '-' : hint ? 'T' : 'F'))
    .join('');
}

const none: ToolAnnotations = {};
const safe: ToolAnnotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};
const wild: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: false,
  openWorldHint: true,
};

const readMount = 'mount=/srv/docs:/docs:ro';
const writeMount = 'mount=/srv/out:/out:rw';

describe('what clients are told', () => {
  it.each<[string, readonly string[], { none: string; safe: string; wild: string }]>([
    ['nothing granted', [], { none: 'TFTF', safe: 'TFTF', wild: 'TFTF' }],
    ['its package to read', ['fs=read-only'], { none: 'TFTF', safe: 'TFTF', wild: 'TFTF' }],
    ['a folder to read', [readMount, 'env=LANG'], { none: 'TFTF', safe: 'TFTF', wild: 'TFTF' }],
    ['limits and a clock', ['memory=128', 'clock=fine'], { none: 'TFTF', safe: 'TFTF', wild: 'TFTF' }],
    ['a private folder', ['fs=sandbox'], { none: 'F--F', safe: 'FFTF', wild: 'FTFF' }],
    ['a folder to change', [writeMount], { none: 'F--F', safe: 'FFTF', wild: 'FTFF' }],
    ['a host', ['net=a.example'], { none: '---T', safe: 'TFTT', wild: 'FTFT' }],
    ['raw TCP', ['net=tcp://a.example:5432'], { none: '---T', safe: 'TFTT', wild: 'FTFT' }],
    ['a host and a folder', ['net=*', writeMount], { none: 'F--T', safe: 'FFTT', wild: 'FTFT' }],
    ['a folder that is denied', ['mount=/kami/x:/out:rw'], { none: 'TFTF', safe: 'TFTF', wild: 'TFTF' }],
  ])('of a tool with %s', (_what, items, expected) => {
    expect({
      none: hintsOf(items, none),
      safe: hintsOf(items, safe),
      wild: hintsOf(items, wild),
    }).toEqual(expected);
  });

  it('keeps the title', () => {
    expect(enforceAnnotations({ title: 'Echo' }, policyOf([])).annotations.title).toBe('Echo');
  });
});

test('a claim is reported as wrong when it sounds safer than what the tool may do, and only then', () => {
  const correctionsOf = (items: readonly string[], claims: ToolAnnotations) =>
    enforceAnnotations(claims, policyOf(items)).corrections;
  expect(correctionsOf([writeMount, 'fs=sandbox', 'net=a.example'], safe)).toEqual([
    { hint: 'readOnlyHint', claimed: true, reason: 'it may write to /sandbox, /out' },
    { hint: 'openWorldHint', claimed: false, reason: 'it may reach a.example' },
  ]);
  const hosts = ['a', 'b', 'c', 'd', 'e'].map((name) => `net=${name}.example`);
  const [correction] = correctionsOf(hosts, { openWorldHint: false });
  expect(correction?.reason).toBe('it may reach a.example, b.example, c.example and 2 more');
  if (correction === undefined) return;
  expect(correctionText(parseToolId('com.example.tool'), correction)).toBe(
    'com.example.tool says openWorldHint: false, but it may reach a.example, b.example, c.example and 2 more; clients are told openWorldHint: true',
  );
  for (const claims of [none, safe, wild]) expect(correctionsOf([readMount], claims)).toEqual([]);
  for (const claims of [none, wild]) expect(correctionsOf([writeMount, 'net=*'], claims)).toEqual([]);
});
