import { describe, expect, it } from 'vitest';
import { Fields } from './http-fields.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** WASI's errors are thrown values, not Error objects. */
function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('Fields', () => {
  it('finds names in any case and keeps every value in order', () => {
    const fields = Fields.fromList([
      ['X-Tag', bytes('a')],
      ['x-tag', bytes('b')],
    ]);
    expect(fields.get('X-TAG')).toEqual([bytes('a'), bytes('b')]);
    fields.set('x-tag', [bytes('c')]);
    expect(fields.entries()).toEqual([['x-tag', bytes('c')]]);
    fields.delete('X-Tag');
    expect(fields.has('x-tag')).toBe(false);
  });

  it.each(['', 'a b', 'a:b', 'a\r\nb', 'ä', 'a\0'])('refuses the name %j', (name) => {
    expect(thrownBy(() => new Fields().append(name, bytes('v')))).toEqual({ tag: 'invalid-syntax' });
  });

  it.each(['v\r\nX-Injected: 1', 'v\n', 'v\0'])(
    'refuses the value %j, which would begin another header',
    (value) => {
      expect(thrownBy(() => new Fields().append('x', bytes(value)))).toEqual({ tag: 'invalid-syntax' });
    },
  );

  it.each(['Host', 'connection', 'Transfer-Encoding', 'TE', 'Upgrade', 'proxy-authorization'])(
    'leaves %s to the host',
    (name) => {
      expect(thrownBy(() => new Fields().append(name, bytes('v')))).toEqual({ tag: 'forbidden' });
    },
  );

  it('is bounded in size', () => {
    const fields = new Fields();
    const fill = () => {
      for (let n = 0; n < 100; n++) fields.append(`x-${n}`, new Uint8Array(1_024).fill(65));
    };
    expect(thrownBy(fill)).toEqual({ tag: 'invalid-syntax' });
    expect(fields.entries().length).toBeLessThan(65);
  });

  it('can not be changed once a request owns it, but its copy can', () => {
    const fields = Fields.fromList([['x', bytes('1')]]).freeze();
    expect(thrownBy(() => fields.append('y', bytes('2')))).toEqual({ tag: 'immutable' });
    expect(thrownBy(() => fields.delete('x'))).toEqual({ tag: 'immutable' });
    const copy = fields.clone();
    copy.append('y', bytes('2'));
    expect(copy.has('y')).toBe(true);
    expect(fields.has('y')).toBe(false);
  });
});
