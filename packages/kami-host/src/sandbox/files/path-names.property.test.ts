import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { HostCallError } from '../host-call/protocol.ts';
import { strangePath } from './fixtures/random-guest.ts';
import { parsePath } from './path-names.ts';

const path = fc.oneof(
  strangePath,
  fc.string({ unit: 'binary' }),
  fc.array(strangePath).map((parts) => parts.join('/')),
);

it.each(['linux', 'win32'] as const)(
  'a path is taken apart into names, or is refused with a code of WASI, on %s',
  (platform) => {
    const codes = ['not-permitted', 'no-entry', 'invalid', 'illegal-byte-sequence', 'name-too-long'];
    fc.assert(
      fc.property(path, (text) => {
        let parsed: ReturnType<typeof parsePath>;
        try {
          parsed = parsePath(text, platform);
        } catch (error) {
          expect(error).toBeInstanceOf(HostCallError);
          expect(codes).toContain((error as HostCallError).code);
          return;
        }
        const names = parsed.names.at(-1) === '.' ? parsed.names.slice(0, -1) : parsed.names;
        for (const name of names) {
          expect(name).not.toMatch(/^\.?$|[/\0]/);
          if (platform === 'win32' && name !== '..') expect(name).not.toMatch(/[\\:]|[. ]$/);
        }
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_096);
        // Nothing is lost but empty names and `.`, and it means the same once more.
        expect(names.join('/')).toBe(
          text
            .split('/')
            .filter((name) => name !== '' && name !== '.')
            .join('/'),
        );
        expect(parsed.directory).toBe(/(^|\/)(\.{0,2})$/.test(text));
        if (parsed.names.length > 0)
          expect(parsePath(parsed.names.join('/'), platform).names).toEqual(parsed.names);
      }),
      { numRuns: 1_000 },
    );
  },
);
