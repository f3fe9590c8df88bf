import { encodeBase64, isBase64 } from './base64.ts';
import type { JsonObject } from './json.ts';

/** For whom a block is, and how much it matters. */
export interface BlockAnnotations {
  readonly audience?: readonly ('user' | 'assistant')[];
  /** 0 (optional) to 1 (required). */
  readonly priority?: number;
  /** ISO 8601. */
  readonly lastModified?: string;
}

export interface BlockOptions {
  readonly annotations?: BlockAnnotations;
  readonly _meta?: JsonObject;
}

export interface TextBlock extends BlockOptions {
  readonly type: 'text';
  readonly text: string;
}

export interface MediaBlock<Type extends 'image' | 'audio'> extends BlockOptions {
  readonly type: Type;
  /** Base64. */
  readonly data: string;
  readonly mimeType: string;
}

export interface ResourceLinkFields extends BlockOptions {
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  /** Bytes. */
  readonly size?: number;
}

export interface ResourceLinkBlock extends ResourceLinkFields {
  readonly type: 'resource_link';
}

interface ResourceFields {
  readonly uri: string;
  readonly mimeType?: string;
  readonly _meta?: JsonObject;
}

/** What an embedded resource holds: text, or bytes (a Uint8Array, or base64). */
export type ResourceInit =
  | (ResourceFields & { readonly text: string; readonly blob?: never })
  | (ResourceFields & { readonly blob: Uint8Array | string; readonly text?: never });

export interface ResourceBlock extends BlockOptions {
  readonly type: 'resource';
  readonly resource:
    | (ResourceFields & { readonly text: string })
    | (ResourceFields & { readonly blob: string });
}

declare const branded: unique symbol;
interface Branded {
  readonly [branded]: true;
}

/** A piece of MCP content. Only the helpers of this module make one; data that looks alike stays data. */
export type Block = Branded &
  (TextBlock | MediaBlock<'image'> | MediaBlock<'audio'> | ResourceLinkBlock | ResourceBlock);

/** Several blocks, and the structured answer that goes with them. */
export interface Content<Structured = unknown> extends Branded {
  readonly content: readonly Block[];
  readonly structuredContent: Structured;
}

// Symbols can't be written in JSON, and a spread does not copy what is not enumerable: no data has these.
const blockBrand = Symbol.for('kami-guest.block');
const contentBrand = Symbol.for('kami-guest.content');

function brand<T>(value: object, mark: symbol): T {
  return Object.freeze(Object.defineProperty(value, mark, { value: true })) as T;
}

function hasBrand(value: unknown, mark: symbol): boolean {
  return (value as Record<symbol, unknown> | null | undefined)?.[mark] === true;
}

export function isBlock(value: unknown): value is Block {
  return hasBrand(value, blockBrand);
}

export function isContent(value: unknown): value is Content {
  return hasBrand(value, contentBrand);
}

function binary(data: Uint8Array | string, where: string): string {
  if (data instanceof Uint8Array) return encodeBase64(data);
  if (typeof data === 'string' && isBase64(data)) return data;
  throw new TypeError(`${where}() takes a Uint8Array or base64.`);
}

/** Text for the model to read. */
export function text(value: string, options?: BlockOptions): Block & TextBlock {
  return brand({ type: 'text', text: String(value), ...options }, blockBrand);
}

/** A picture. `data` is a Uint8Array or base64; throws TypeError for anything else. */
export function image(
  data: Uint8Array | string,
  mimeType: string,
  options?: BlockOptions,
): Block & MediaBlock<'image'> {
  return brand({ type: 'image', data: binary(data, 'image'), mimeType, ...options }, blockBrand);
}

/** A sound. `data` is a Uint8Array or base64; throws TypeError for anything else. */
export function audio(
  data: Uint8Array | string,
  mimeType: string,
  options?: BlockOptions,
): Block & MediaBlock<'audio'> {
  return brand({ type: 'audio', data: binary(data, 'audio'), mimeType, ...options }, blockBrand);
}

/** A link to something the client may read by itself. */
export function resourceLink(link: ResourceLinkFields): Block & ResourceLinkBlock {
  return brand({ type: 'resource_link', ...link }, blockBrand);
}

/** A document inside the result. A `blob` is a Uint8Array or base64; throws TypeError for anything else. */
export function resource(init: ResourceInit, options?: BlockOptions): Block & ResourceBlock {
  const { blob } = init;
  const held = blob === undefined ? init : { ...init, blob: binary(blob, 'resource') };
  return brand({ type: 'resource', resource: held, ...options }, blockBrand);
}

/** Blocks together with the structured answer that a tool with an output schema owes. */
export function content<const Structured = undefined>(
  blocks: readonly Block[],
  options?: { readonly structuredContent?: Structured },
): Content<Structured> {
  if (!Array.isArray(blocks) || !blocks.every(isBlock)) {
    throw new TypeError('content() takes blocks.');
  }
  return brand({ content: [...blocks], structuredContent: options?.structuredContent }, contentBrand);
}
