import type * as Http from '@bytecodealliance/preview2-shim/interfaces/wasi-http-types';
import { CountedHandle, HandleBudget } from './handles.ts';

/** Names and values of one header section together, bytes. */
const maxSectionBytes = 64 * 1024;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Headers that describe the connection belong to the host (RFC 9110 section 7.6.1; wasi:http `header-error.forbidden`). */
const forbidden = new Set([
  'connection',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const invalidSyntax: Http.HeaderError = Object.freeze({ tag: 'invalid-syntax' });
const forbiddenHeader: Http.HeaderError = Object.freeze({ tag: 'forbidden' });
const immutable: Http.HeaderError = Object.freeze({ tag: 'immutable' });

/** `wasi:http/types.fields`: checked names and values, bounded in size, frozen once a request owns them. */
export class Fields extends CountedHandle implements Http.Fields {
  #entries: [string, Uint8Array][] = [];
  #bytes = 0;
  #frozen = false;

  constructor(handles = new HandleBudget()) {
    super(handles);
  }

  static fromList(this: new () => Fields, entries: readonly (readonly [string, Uint8Array])[]): Fields {
    const fields = new this();
    for (const [name, value] of entries) fields.append(name, value);
    return fields;
  }

  /** A section that a server sent and the host has checked and bounded; it can't be changed. */
  static received(this: new () => Fields, entries: readonly (readonly [string, Uint8Array])[]): Fields {
    const fields = new this();
    fields.#entries = entries.map(([name, value]) => [name, value]);
    return fields.freeze();
  }

  get(name: string): Uint8Array[] {
    const key = name.toLowerCase();
    return this.#entries.filter(([known]) => known.toLowerCase() === key).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.get(name).length > 0;
  }

  /** All or nothing: values that are none leave those of before. */
  set(name: string, values: Uint8Array[]): void {
    this.#checkMutable();
    checkName(name);
    for (const value of values) checkValue(value);
    this.delete(name);
    for (const value of values) this.append(name, value);
  }

  delete(name: string): void {
    this.#checkMutable();
    checkName(name);
    const key = name.toLowerCase();
    this.#entries = this.#entries.filter(([known]) => known.toLowerCase() !== key);
    this.#bytes = sectionBytes(this.#entries);
  }

  append(name: string, value: Uint8Array): void {
    this.#checkMutable();
    checkName(name);
    checkValue(value);
    if (this.#bytes + name.length + value.length > maxSectionBytes) throw invalidSyntax;
    this.#bytes += name.length + value.length;
    this.#entries.push([name, value]);
  }

  entries(): [string, Uint8Array][] {
    return this.#entries.map(([name, value]) => [name, value]);
  }

  clone(): Fields {
    const copy = new (this.constructor as new () => Fields)();
    copy.#entries = this.entries();
    copy.#bytes = sectionBytes(copy.#entries);
    return copy;
  }

  /** The same section once more, for a handle of its own; only one that is frozen can be shared. */
  view(): Fields {
    const view = new (this.constructor as new () => Fields)();
    view.#entries = this.#entries;
    return view.freeze();
  }

  /** From now on every change is refused as `immutable`. */
  freeze(): this {
    this.#frozen = true;
    return this;
  }

  #checkMutable(): void {
    if (this.#frozen) throw immutable;
  }
}

function sectionBytes(entries: readonly (readonly [string, Uint8Array])[]): number {
  return entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}

/** RFC 9110 section 5.5: no control characters but the tab. CR, LF and NUL would let a value begin another header. */
function checkValue(value: Uint8Array): void {
  if (value.some((byte) => (byte < 32 && byte !== 9) || byte === 127)) throw invalidSyntax;
}

function checkName(name: string): void {
  if (!token.test(name)) throw invalidSyntax;
  if (forbidden.has(name.toLowerCase())) throw forbiddenHeader;
}
