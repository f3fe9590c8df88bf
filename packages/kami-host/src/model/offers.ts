import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** A prompt that a component offers beside its tool. */
export interface OfferedPrompt {
  /** Of small letters, digits and `-`. */
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly arguments: readonly PromptArgument[];
}

export interface PromptArgument {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly required: boolean;
  /** Whether the component suggests values. */
  readonly completes: boolean;
}

/** What a component lets clients read: at one URI, or at all URIs of a pattern (RFC 6570, level 1). */
export type OfferedResource = {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
} & (
  | { readonly uri: string; readonly uriTemplate?: never }
  | {
      readonly uri?: never;
      readonly uriTemplate: string;
      /** Names of the variables for which it suggests values. */
      readonly completes: readonly string[];
    }
);

/** A picture of the tool: in itself, so that no client fetches anything to show it. */
export interface Icon {
  /** A `data:` URI. */
  readonly src: string;
  readonly mimeType: string;
  readonly sizes?: readonly string[];
  readonly theme?: 'light' | 'dark';
}

/** All that a component offers beside its tool. */
export interface Offers {
  readonly icons: readonly Icon[];
  readonly prompts: readonly OfferedPrompt[];
  readonly resources: readonly OfferedResource[];
}

export const noOffers: Offers = Object.freeze({
  icons: Object.freeze([]),
  prompts: Object.freeze([]),
  resources: Object.freeze([]),
});

/** A component describes its offers in a way that can't be read; the message follows "it …". */
export class InvalidOffers extends Error {
  override readonly name = 'InvalidOffers';
}

const maxOffers = 200;
const maxText = 4_096;
const promptName = /^[a-z0-9][a-z0-9-]{0,63}$/;
const variableName = /^\w{1,64}$/;
const scheme = /^([a-z][a-z0-9+.-]*):./i;
/** What clients take for files of this machine, or fetch by themselves: no tool may speak for them. */
const foreignSchemes: ReadonlySet<string> = new Set(['file', 'http', 'https', 'data', 'javascript', 'ui']);

/**
 * Reads what a stranger's component says that it offers.
 * @throws InvalidOffers
 */
export function parseOffers({ icons = [], prompts = [], resources = [] }: JsonObject): Offers {
  return {
    icons: list(icons, 'icons').map(readIcon),
    prompts: uniqueBy(list(prompts, 'prompts').map(readPrompt), ({ name }) => name),
    resources: uniqueBy(
      list(resources, 'resources').map(readResource),
      ({ uri, uriTemplate }) => uri ?? uriTemplate,
    ),
  };
}

const iconForm = /^data:(image\/(?:png|jpeg|webp|gif));base64,[A-Za-z0-9+/]+={0,2}$/;
const maxIconLength = 90_000;

/** Pictures without scripts, and without an address that would tell its owner who looks. */
function readIcon({ src, sizes, theme }: JsonObject): Icon {
  const [, mimeType] = (typeof src === 'string' && src.length <= maxIconLength && iconForm.exec(src)) || [];
  if (typeof src !== 'string' || mimeType === undefined) {
    throw new InvalidOffers('has an icon that is no data: URI of a PNG, JPEG, WebP or GIF of at most 64 KiB');
  }
  const isSizes = Array.isArray(sizes) && sizes.every((size) => /^(\d{1,5}x\d{1,5}|any)$/.test(String(size)));
  return {
    ...{ src, mimeType },
    ...(isSizes ? { sizes: sizes.map(String) } : {}),
    ...(theme === 'light' || theme === 'dark' ? { theme } : {}),
  };
}

function readPrompt(value: JsonObject): OfferedPrompt {
  const { name, arguments: given = [] } = value;
  if (typeof name !== 'string' || !promptName.test(name)) {
    throw new InvalidOffers(
      `names a prompt ${JSON.stringify(name ?? null)}, which is not of small letters, digits and "-"`,
    );
  }
  return {
    name,
    ...texts(value, ['title', 'description']),
    arguments: list(given, 'arguments').map(readArgument),
  };
}

function readArgument(value: JsonObject): PromptArgument {
  const { name, required, completes } = value;
  if (typeof name !== 'string' || !variableName.test(name)) {
    throw new InvalidOffers('has a prompt with an argument without a proper name');
  }
  return {
    name,
    ...texts(value, ['title', 'description']),
    required: required === true,
    completes: completes === true,
  };
}

function readResource(value: JsonObject): OfferedResource {
  const { name, uri, uriTemplate, completes = [] } = value;
  const address = uri ?? uriTemplate;
  const [, found] = (typeof address === 'string' && address.length <= maxText && scheme.exec(address)) || [];
  if (typeof name !== 'string' || name === '' || typeof address !== 'string' || found === undefined) {
    throw new InvalidOffers('has a resource without a name, or without a URI with a scheme');
  }
  if (foreignSchemes.has(found.toLowerCase())) {
    throw new InvalidOffers(`offers ${address}, but ${found}: is not for tools: choose a scheme of your own`);
  }
  const fields = { name: name.slice(0, maxText), ...texts(value, ['title', 'description', 'mimeType']) };
  if (uri !== undefined) return { ...fields, uri: address };
  const names = Array.isArray(completes)
    ? completes.filter((one): one is string => typeof one === 'string')
    : [];
  return { ...fields, uriTemplate: address, completes: names };
}

function list(value: Json, what: string): readonly JsonObject[] {
  if (!Array.isArray(value) || value.length > maxOffers || !value.every((one: Json) => isJsonObject(one))) {
    throw new InvalidOffers(`gives ${what} that are no list of at most ${maxOffers} objects`);
  }
  return value as readonly JsonObject[];
}

function texts<K extends string>(value: JsonObject, keys: readonly K[]): Partial<Record<K, string>> {
  const found = keys.flatMap((key) => {
    const text = value[key];
    return typeof text === 'string' ? [[key, text.slice(0, maxText)]] : [];
  });
  return Object.fromEntries(found) as Partial<Record<K, string>>;
}

function uniqueBy<T>(items: readonly T[], keyOf: (item: T) => string | undefined): readonly T[] {
  const keys = new Set(items.map(keyOf));
  if (keys.size < items.length) throw new InvalidOffers('offers the same thing twice');
  return items;
}
