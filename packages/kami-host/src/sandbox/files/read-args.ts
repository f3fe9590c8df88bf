import type { NewTimestamp } from '@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types';
import { fail } from './file-error.ts';
import type { At } from './file-methods.ts';

const u64Limit = 1n << 64n;
/** The end of the year 9999, as far as any file system of today goes. */
const lastSecond = 253_402_300_799n;

/** Reads the arguments of a request from a worker that may say anything. Each method fails with `invalid`. */
export class ArgsReader {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(args: unknown) {
    this.#fields = typeof args === 'object' && args !== null ? (args as Record<string, unknown>) : {};
  }

  handle(name = 'handle'): number {
    const value = this.#field(name);
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : fail('bad-descriptor');
  }

  text(name: string): string {
    const value = this.#field(name);
    return typeof value === 'string' ? value : fail('invalid');
  }

  flag(name: string): boolean {
    const value = this.#field(name);
    return typeof value === 'boolean' ? value : fail('invalid');
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.#field(name);
    return values.find((known) => known === value) ?? fail('invalid');
  }

  u64(name: string): bigint {
    const value = this.#field(name);
    return typeof value === 'bigint' && value >= 0n && value < u64Limit ? value : fail('invalid');
  }

  /** At most `most` bytes, in a buffer that holds nothing else. */
  bytes(name: string, most: number): Uint8Array {
    const value = this.#field(name);
    return value instanceof Uint8Array && value.byteLength <= most ? value : fail('invalid');
  }

  at(name: string): At {
    const at = new ArgsReader(this.#field(name));
    return { handle: at.handle(), path: at.text('path') };
  }

  /** Seconds since 1970; nothing means no change. */
  time(name: string): { readonly tag: NewTimestamp['tag']; readonly seconds?: number } {
    const time = new ArgsReader(this.#field(name));
    const tag = time.oneOf('tag', ['no-change', 'now', 'timestamp']);
    if (tag !== 'timestamp') return { tag };
    const value = new ArgsReader(time.#field('val'));
    const [seconds, nanoseconds] = [value.u64('seconds'), value.#field('nanoseconds')];
    if (seconds > lastSecond || typeof nanoseconds !== 'number') fail('invalid');
    if (!(Number.isInteger(nanoseconds) && nanoseconds >= 0 && nanoseconds < 1e9)) fail('invalid');
    return { tag, seconds: Number(seconds) + nanoseconds / 1e9 };
  }

  #field(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }
}
