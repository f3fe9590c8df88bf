import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { buildRawComponent } from '../../test/fixtures/raw-component.ts';
import { KamiError } from '../errors/kami-error.ts';
import { forkConfined } from '../process/confined-process.ts';
import { encodeU32 } from './binary-reader.ts';
import { componentWith, coreModule, locals, nested, times } from './fixtures/hostile-core.ts';
import { type IntakeLimits, transpileComponent } from './intake.ts';
import { takeApart } from './take-apart.ts';

/** How the intake of a component ends: accepted, or refused with these words. */
async function endOf(bytes: Uint8Array, limits?: Partial<IntakeLimits>): Promise<string> {
  try {
    await transpileComponent(bytes, 'tool.wasm', limits);
    return 'accepted';
  } catch (error) {
    if (error instanceof KamiError && error.code === 'KAMI_COMPONENT_INVALID') return error.message;
    throw error;
  }
}

const oneFunction = (...body: (readonly number[] | Uint8Array)[]) => componentWith(coreModule([{ body }]));
const nothing = locals(0);
const emptyIf = [0x41, 1, 0x04, 0x40, 0x05, 0x0b];

describe('a component that asks much of V8', () => {
  it('is taken in when it is only large', async () => {
    const straight = times(2_300_000, [0x41, 0, 0x1a]);
    expect(await endOf(await oneFunction(nothing, straight))).toBe('accepted');
    const small = Array.from({ length: 100_000 }, () => ({ body: [nothing] }));
    expect(await endOf(await componentWith(coreModule(small)))).toBe('accepted');
  });

  it.each([
    [
      'whose function is too large once metered',
      () => oneFunction(nothing, times(3_000_000, [0x10, 0])),
      /7654321 are allowed/,
    ],
    [
      'of 50 000 locals and 100 000 blocks',
      () => oneFunction(locals(49_000), nested(100_000, 0x02)),
      /has 100000 branches/,
    ],
    [
      'of 50 000 locals and 100 000 loops',
      () => oneFunction(locals(49_000), nested(100_000, 0x03)),
      /has 100000 branches/,
    ],
    [
      'of 50 000 locals and 100 000 conditions',
      () => oneFunction(locals(49_000), times(100_000, emptyIf)),
      /branches/,
    ],
    [
      'with a million blocks in each other',
      () => oneFunction(nothing, nested(1_000_000, 0x02)),
      /has 1000000 branches/,
    ],
    [
      'with a jump to a million places',
      () => oneFunction(nothing, [0x41, 0, 0x0e], encodeU32(1_000_000), times(1_000_001, [0])),
      /has 1000001 branches/,
    ],
  ] satisfies [string, () => Promise<Uint8Array>, RegExp][])(
    '%s is refused before V8 sees it',
    async (_what, build, why) => {
      expect(await endOf(await build())).toMatch(why);
    },
  );

  // What no count tells: the values that lie on the stack of a function.
  const deepStack = () =>
    oneFunction(nothing, times(400_000, [0x41, 0]), times(200_000, emptyIf), times(400_000, [0x1a]));

  it('is refused when it takes gigabytes', async () => {
    expect(await endOf(await deepStack(), { memoryMb: 400 })).toMatch(/looking at it takes more than 400 MB/);
  });

  it('is refused when it takes minutes', async () => {
    expect(await endOf(await deepStack(), { timeoutMs: 2_000, memoryMb: 100_000 })).toMatch(
      /looking at it takes more than 2 s/,
    );
  });

  it('takes gigabytes only when it is compiled, which V8 puts off: nothing is seen without compiling', async () => {
    const core = coreModule([
      { body: [nothing, times(400_000, [0x41, 0]), times(200_000, emptyIf), times(400_000, [0x1a])] },
    ]);
    expect(WebAssembly.validate(core)).toBe(true);
  });

  it('is refused when values are made by the thousand', async () => {
    const core = coreModule(
      [{ body: [nothing, times(1_000, [0x41, 0])] }, { body: [nothing, times(300_000, [0x10, 0]), [0x00]] }],
      1_000,
    );
    expect(await endOf(await componentWith(core), { memoryMb: 400 })).toMatch(
      /looking at it takes more than/,
    );
  });
});

describe('a component that asks much of the tool chain', () => {
  it('by taking its parts a million times over is refused', async () => {
    let part = '(core module $m) (core instance (instantiate $m))';
    for (let level = 0; level < 20; level += 1) {
      part = `(component $c ${part}) (instance (instantiate $c)) (instance (instantiate $c))`;
    }
    expect(await endOf(await buildRawComponent({ before: part }), { timeoutMs: 10_000 })).not.toBe(
      'accepted',
    );
  });

  it('by types that refer through four thousand million levels is refused', async () => {
    // One alias of a type, of the outermost level but many.
    const alias = [6, 9, 1, 0x03, 0x02, 0xff, 0xff, 0xff, 0xff, 0x0f, 0];
    const sound = await buildRawComponent({});
    const bytes = Buffer.concat([sound.subarray(0, 8), Buffer.from(alias), sound.subarray(8)]);
    expect(await endOf(bytes)).toMatch(/refers to a type that does not exist/);
  });

  it('by more core modules than any tool has is refused', async () => {
    const modules = Array.from({ length: 300 }, () => '(core module $m) (core instance (instantiate $m))');
    const before = modules.map((module, index) => module.replaceAll('$m', `$m${index}`)).join('\n');
    expect(await endOf(await buildRawComponent({ before }))).toMatch(/301 core modules; 256 are allowed/);
  });
});

describe('the process that looks at a component', () => {
  it('may end in any way', async () => {
    const sound = await buildRawComponent({});
    expect(await endOf(sound)).toBe('accepted');
    expect(await endOf(sound, { timeoutMs: 1 })).toMatch(/takes more than 0.001 s/);
    expect(await endOf(sound, { heapMb: 8 })).toMatch(/takes more than 8 MB/);
    expect(await endOf(sound, { memoryMb: 20 })).toMatch(/takes more than 20 MB/);
  });

  it('refuses as it would in this one, with code, words and data', async () => {
    const bytes = await buildRawComponent({ before: '(import "vm" (instance))' });
    const [there, here] = await Promise.allSettled([
      transpileComponent(bytes, 'tool.wasm'),
      takeApart(bytes, 'tool.wasm'),
    ]);
    const told = [there, here].map((end) => (end.status === 'rejected' ? end.reason.toJSON() : end));
    expect(told[0]).toEqual(told[1]);
    expect(told[0]).toMatchObject({ code: 'KAMI_COMPONENT_IMPORT_REFUSED', data: { refused: ['vm'] } });
  });
});

describe('a damaged component', () => {
  /** The same numbers in every run. */
  function sequence(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (state * 48_271) % 0x7fffffff;
      return state % below;
    };
  }

  /** How each ends, in as few processes as it takes. */
  async function endsOf(components: readonly Uint8Array[]): Promise<string[]> {
    const ends: string[] = [];
    while (ends.length < components.length) {
      const child = forkConfined({
        module: 'component/fixtures/take-apart-all',
        allowWorkers: false,
        heapMb: 512,
        v8Flags: ['--no-wasm-lazy-compilation'],
      });
      child.send(components.slice(ends.length));
      const [more] = (await once(child, 'message')) as [string[]];
      ends.push(...more);
      child.kill();
    }
    return ends;
  }

  it('is accepted or refused, and nothing else', async () => {
    const sound = await buildRawComponent({
      fields: '(table 1 funcref) (global (mut i32) (i32.const 1)) (elem (i32.const 0) func $f) (func $f)',
    });
    const next = sequence(7);
    const damaged = Array.from({ length: 600 }, (_, round) => {
      const bytes = round % 4 === 0 ? sound.slice(0, next(sound.length)) : sound.slice();
      for (let left = 1 + next(3); left > 0; left -= 1) {
        const at = next(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << next(8));
      }
      return bytes;
    });
    const ends = await endsOf([...damaged, sound]);
    for (const end of ends) expect(end).toMatch(/^(accepted|KAMI_COMPONENT_\w+)$/);
    expect(ends.filter((end) => end === 'accepted').length).toBeGreaterThan(20);
    expect(ends.filter((end) => end === 'KAMI_COMPONENT_INVALID').length).toBeGreaterThan(200);
    expect(ends.at(-1)).toBe('accepted');
  });
});
