import { brotliCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDelta, MalformedDelta, makeDelta } from './delta.ts';

const maxBytes = 1_000_000;

/** Bytes without a pattern, the same for the same seed. */
function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed + 1;
  for (let at = 0; at < length; at += 1) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

type Edit =
  | { readonly kind: 'copy'; readonly from: number; readonly length: number }
  | { readonly kind: 'new'; readonly bytes: Uint8Array };

const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('copy'), from: fc.nat(4_000), length: fc.nat(4_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('new'), bytes: fc.uint8Array({ maxLength: 40 }) }) },
);

function edited(base: Uint8Array, edits: readonly Edit[]): Uint8Array {
  return Buffer.concat(
    edits.map((one) => (one.kind === 'new' ? one.bytes : base.subarray(one.from, one.from + one.length))),
  );
}

describe('a delta', () => {
  it('makes the target out of its base, whatever was done to that', () => {
    let made = 0;
    fc.assert(
      fc.property(fc.nat(), fc.array(edit, { maxLength: 12 }), (seed, edits) => {
        const base = noise(5_000, seed);
        const target = edited(base, edits);
        const delta = makeDelta(base, target);
        if (delta === undefined) return;
        made += 1;
        expect(Buffer.compare(applyDelta(base, delta, maxBytes), target)).toBe(0);
      }),
    );
    expect(made).toBeGreaterThan(50);
  });

  it('is small where the target differs little, also in many places', () => {
    const base = noise(200_000, 1);
    const target = Buffer.concat([noise(100, 2), base]);
    for (let at = 0; at < target.length; at += 1_000) target[at] = (target[at] ?? 0) ^ 0xff;
    const delta = makeDelta(base, target) ?? expect.unreachable('they are alike');
    expect(delta.length).toBeLessThan(2_000);
    expect(Buffer.compare(applyDelta(base, delta, maxBytes), target)).toBe(0);
  });

  it('is not made of files that have little in common', () => {
    const [one, two] = [noise(50_000, 3), noise(50_000, 4)];
    expect(makeDelta(one, two)).toBeUndefined();
    expect(makeDelta(one, Buffer.concat([two, one.subarray(0, 20_000)]))).toBeUndefined();
    expect(makeDelta(new Uint8Array(0), two)).toBeUndefined();
  });

  it('that is damaged, or applied to something else, is refused or makes something else, within its bounds', () => {
    const base = noise(5_000, 5);
    const target = Buffer.concat([base.subarray(1_000), noise(200, 6), base.subarray(0, 2_000)]);
    const delta = makeDelta(base, target) ?? expect.unreachable('they are alike');
    const outcome = (other: Uint8Array, changed: Uint8Array): unknown => {
      try {
        return applyDelta(other, changed, target.length);
      } catch (error) {
        return error;
      }
    };
    const check = (result: unknown): void => {
      if (result instanceof Uint8Array) expect(result.length).toBeLessThanOrEqual(target.length);
      else expect(result).toBeInstanceOf(MalformedDelta);
    };
    fc.assert(
      fc.property(fc.nat(delta.length - 1), fc.nat(255), fc.nat(5_000), (at, value, length) => {
        const changed = Uint8Array.from(delta);
        changed[at] = value;
        check(outcome(base, changed));
        check(outcome(base, delta.subarray(0, at)));
        check(outcome(base.subarray(0, length), delta));
      }),
    );
    expect(() => applyDelta(base, delta, target.length - 1)).toThrow(MalformedDelta);
  });

  it.each([
    ['announces more than there may be', [0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0]],
    ['has more steps than bytes', [1, 0, 0, 0, 9, 0, 0, 0, 1]],
    ['copies from before its base', [4, 0, 0, 0, 3, 0, 0, 0, 0, 4, 1]],
    ['copies from behind its base', [4, 0, 0, 0, 4, 0, 0, 0, 0, 4, 0xff, 0x7f]],
    ['ends in a number', [4, 0, 0, 0, 1, 0, 0, 0, 0x80]],
    ['has a number without end', [4, 0, 0, 0, 6, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]],
    ['has more bytes than it needs', [0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['has too few', [2, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['is empty', []],
  ])('that %s is refused', (_what, bytes) => {
    const delta = brotliCompressSync(Uint8Array.from(bytes));
    expect(() => applyDelta(noise(100, 7), delta, 1_000)).toThrow(MalformedDelta);
  });
});

it('copies nothing that only has the hash of what it needs', () => {
  // A block differs in its first byte: now and then the new one has the place of the old one in the index.
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  };
  for (let round = 0; round < 200; round++) {
    const base = Uint8Array.from({ length: 4_096 }, random);
    const target = base.map((byte, index) => (index % 64 === 48 ? byte ^ 1 : byte));
    const delta = makeDelta(base, target);
    expect(delta && Buffer.from(applyDelta(base, delta, 4_096)).equals(target)).toBe(true);
  }
});
