import { isObject } from './json.ts';
import { ToolDefinitionError } from './tool-error.ts';

/** Hints about a tool's behaviour, as MCP defines them. */
export interface ToolAnnotations {
  /** A name for people. */
  readonly title?: string;
  /** It changes nothing outside itself. */
  readonly readOnlyHint?: boolean;
  /** What it changes may be lost: it deletes or overwrites. */
  readonly destructiveHint?: boolean;
  /** Calling it twice with the same input does no more than calling it once. */
  readonly idempotentHint?: boolean;
  /** It deals with the world outside, such as the web. */
  readonly openWorldHint?: boolean;
}

const hint = /^(readOnly|destructive|idempotent|openWorld)Hint$/;

/**
 * Checks the annotations of a definition.
 * @throws ToolDefinitionError for an unknown name or a wrong type
 */
export function parseAnnotations(annotations: unknown): ToolAnnotations | undefined {
  if (annotations === undefined) return undefined;
  if (!isObject(annotations)) throw new ToolDefinitionError('annotations must be an object.');
  for (const [name, value] of Object.entries(annotations)) {
    const expected = name === 'title' ? 'string' : hint.test(name) ? 'boolean' : undefined;
    if (expected === undefined || (value !== undefined && typeof value !== expected)) {
      throw new ToolDefinitionError(
        `annotations.${name} ${expected ? `must be a ${expected}` : 'is unknown'}.`,
      );
    }
  }
  return annotations;
}

/** A picture of a tool for clients to show. */
export interface ToolIcon {
  /** The picture itself, as a `data:` URI of PNG, JPEG, WebP or GIF, 64 KiB at most: nothing is fetched for it. */
  readonly src: string;
  /** Such as `48x48`. */
  readonly sizes?: readonly string[];
  readonly theme?: 'light' | 'dark';
}
