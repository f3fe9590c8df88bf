import { catalogue, type ErrorCode } from '../errors/catalogue.ts';
import type { KamiError, KamiErrorInit } from '../errors/kami-error.ts';
import { reuses } from '../model/compiled-component.ts';
import { isJsonObject } from '../model/json.ts';
import { moduleName } from './form-record.ts';
import {
  maxGlueBytes,
  maxModuleBytes,
  maxModules,
  type TranspiledComponent,
} from './transpiled-component.ts';

export interface IntakeRequest {
  readonly bytes: Uint8Array;
  /** How to call the bytes in an error. */
  readonly source: string;
}

export type IntakeAnswer =
  | { readonly status: 'accepted'; readonly component: TranspiledComponent }
  | { readonly status: 'refused'; readonly code: ErrorCode; readonly init: KamiErrorInit };

const longestText = 16_384;
const mostPages = 65_536;

/** What fits into an answer of an error: a component may have a million names of a megabyte to tell of. */
export function refusedAnswer({ code, message, fix, data }: KamiError): IntakeAnswer {
  const init = { message: message.slice(0, longestText), fix: fix.slice(0, longestText) };
  const fits = data !== undefined && isSmall(data);
  return { status: 'refused', code, init: fits ? { ...init, data } : init };
}

/**
 * Reads what the process for intake answers. A component that broke into it could send anything; undefined for
 * what is not of this shape.
 */
export function parseIntakeAnswer(value: unknown): IntakeAnswer | undefined {
  if (!isJsonObject(value)) return undefined;
  const isKnown =
    (value.status === 'accepted' && isComponent(value.component)) ||
    (value.status === 'refused' && isCode(value.code) && isInit(value.init));
  return isKnown ? (value as unknown as IntakeAnswer) : undefined;
}

function isComponent(value: unknown): boolean {
  if (!isJsonObject(value) || !isBytes(value.glue, maxGlueBytes)) return false;
  if (!reuses.some((reuse) => reuse === value.reuse)) return false;
  const modules: unknown = value.modules;
  if (!Array.isArray(modules) || modules.length > maxModules) return false;
  const names = new Set<unknown>();
  let left = maxModuleBytes;
  for (const module of modules as readonly unknown[]) {
    if (!isJsonObject(module) || !isBytes(module.bytes, left) || !isMemory(module.memory)) return false;
    if (module.snapshot !== undefined && !isSnapshot(module.snapshot, left)) return false;
    // The name becomes that of a file.
    if (typeof module.name !== 'string' || !moduleName.test(module.name)) return false;
    names.add(module.name);
    left -= (module.bytes as unknown as Uint8Array).length;
    left -= (module.snapshot as { size: number } | undefined)?.size ?? 0;
    if (left < 0) return false;
  }
  return names.size === modules.length;
}

function isSnapshot(value: unknown, most: number): boolean {
  return (
    isJsonObject(value) &&
    isBytes(value.compressed, most) &&
    Number.isInteger(value.size) &&
    (value.size as number) >= 0
  );
}

function isMemory(value: unknown): boolean {
  if (value === undefined) return true;
  if (!isJsonObject(value)) return false;
  return isPages(value.initialPages) && (value.maximumPages === undefined || isPages(value.maximumPages));
}

function isPages(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= mostPages;
}

function isBytes(value: unknown, most: number): boolean {
  return value instanceof Uint8Array && value.length <= most;
}

function isCode(value: unknown): boolean {
  return typeof value === 'string' && Object.hasOwn(catalogue, value);
}

function isInit(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { data, fix, message } = value;
  return isText(message) && isText(fix) && (data === undefined || (isJsonObject(data) && isSmall(data)));
}

function isSmall(data: object): boolean {
  return JSON.stringify(data).length <= longestText;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= longestText;
}
