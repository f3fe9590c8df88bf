import { encodeBase64 } from './base64.ts';
import type { ToolContext } from './context.ts';
import { ToolDefinitionError } from './tool-error.ts';

/** What is at a URI: a text, bytes, or data that is written as JSON. */
export type ResourceAnswer = string | Uint8Array | object;

type Variables<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Variables<Rest>
  : never;

interface ResourceFields {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly mimeType?: string | undefined;
}

type Completer = (
  value: string,
  others: Readonly<Record<string, string>>,
) => readonly string[] | Promise<readonly string[]>;

/** What an author writes for a resource with one URI. */
export interface StaticResourceInit extends ResourceFields {
  /** Of a scheme of one's own, such as `notes://all`. */
  readonly uri: string;
  readonly uriTemplate?: never;
  readonly read: (context: ToolContext) => ResourceAnswer | Promise<ResourceAnswer>;
}

/** What an author writes for many resources whose URIs have a pattern. */
export interface TemplateResourceInit<Template extends string> extends ResourceFields {
  readonly uri?: never;
  /** RFC 6570, level 1: each `{name}` stands for a part without "/", such as `notes://{title}`. */
  readonly uriTemplate: Template;
  readonly read: (
    variables: Readonly<Record<Variables<Template>, string>>,
    context: ToolContext,
  ) => ResourceAnswer | Promise<ResourceAnswer>;
  /** What a variable could be, for somebody who has written `value` so far. */
  readonly complete?: Readonly<Record<string, Completer>>;
}

/** A resource, or many: what `kamiResource` makes, for the exported list `resources` of an author's module. */
export interface Resource extends ResourceFields {
  readonly uri?: string | undefined;
  readonly uriTemplate?: string | undefined;
  readonly complete?: Readonly<Record<string, unknown>> | undefined;
  /** What is at a URI; undefined when it is not one of these. */
  readonly readAt: (uri: string, context: ToolContext) => Promise<readonly ResourceContents[]> | undefined;
}

/** As MCP has it. */
export type ResourceContents = { readonly uri: string; readonly mimeType?: string | undefined } & (
  | { readonly text: string }
  | { readonly blob: string }
);

/**
 * Defines what a client can read under a URI, or under all URIs of a pattern.
 *
 * @throws ToolDefinitionError when the definition can't work
 * @example
 * export const resources = [
 *   kamiResource({ uri: 'notes://all', name: 'notes', read: () => ({ count: 2 }) }),
 *   kamiResource({ uriTemplate: 'notes://{title}', name: 'note', read: ({ title }) => `Of ${title}.` }),
 * ];
 */
export function kamiResource(init: StaticResourceInit): Resource;
export function kamiResource<const Template extends string>(init: TemplateResourceInit<Template>): Resource;
export function kamiResource(init: StaticResourceInit | TemplateResourceInit<string>): Resource {
  const { uri, uriTemplate, name, title, description, mimeType } = init;
  const address = uri ?? uriTemplate;
  if (typeof address !== 'string' || !/^[a-z][a-z0-9+.-]*:./i.test(address)) {
    throw new ToolDefinitionError(
      'A resource needs a uri or a uriTemplate with a scheme, such as "notes://all".',
    );
  }
  if (typeof name !== 'string' || name === '' || typeof init.read !== 'function') {
    throw new ToolDefinitionError(`The resource ${address} needs a name, and read().`);
  }
  const match = uri === undefined ? templateMatcher(address) : undefined;
  const complete = completersOf(init);
  const stranger = Object.keys(complete ?? {}).find((variable) => !address.includes(`{${variable}}`));
  if (stranger !== undefined) {
    throw new ToolDefinitionError(`The resource ${address} has no variable "${stranger}" to complete.`);
  }
  const fields = { uri, uriTemplate, name, title, description, mimeType, complete };
  return Object.freeze({
    ...fields,
    readAt(asked: string, context: ToolContext) {
      const found = match === undefined ? (asked === uri ? [] : undefined) : match(asked);
      if (found === undefined) return undefined;
      const read = init.read as (...parameters: unknown[]) => unknown;
      const given = match === undefined ? [context] : [found, context];
      return Promise.resolve(read(...given)).then((answer) => [toContents(asked, mimeType, answer)]);
    },
  });
}

function completersOf(init: object): Resource['complete'] {
  return (init as { readonly complete?: Readonly<Record<string, unknown>> }).complete;
}

/** Tells the variables of a URI; undefined for one that does not fit. */
function templateMatcher(template: string): (uri: string) => Readonly<Record<string, string>> | undefined {
  const names: string[] = [];
  const pattern = template.split(/(\{[^}]*\})/).map((part) => {
    if (!part.startsWith('{')) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const [, name] = /^\{(\w+)\}$/.exec(part) ?? [];
    if (name === undefined) throw new ToolDefinitionError(`In a uriTemplate, ${part} is not a name.`);
    names.push(name);
    return '([^/?#]+)';
  });
  const form = new RegExp(`^${pattern.join('')}$`);
  return (uri) => {
    const found = form.exec(uri);
    if (found === null) return undefined;
    try {
      return Object.fromEntries(
        names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')]),
      );
    } catch {
      return undefined;
    }
  };
}

function toContents(uri: string, mimeType: string | undefined, answer: unknown): ResourceContents {
  if (answer instanceof Uint8Array) {
    return { uri, mimeType: mimeType ?? 'application/octet-stream', blob: encodeBase64(answer) };
  }
  if (typeof answer === 'string') return { uri, mimeType: mimeType ?? 'text/plain', text: answer };
  return { uri, mimeType: mimeType ?? 'application/json', text: JSON.stringify(answer) };
}
