import { KamiError } from '../errors/kami-error.ts';
import type { CapabilityRequest, RequestedCredential, RequestedMount } from '../model/capability.ts';
import { type AskTarget, askTargets } from '../model/client-request.ts';
import { isSha256, type Sha256, type ToolId, toolIdProblem } from '../model/ids.ts';
import { isJsonObject, type Json, type JsonObject, type JsonSchema } from '../model/json.ts';
import { InvalidOffers, noOffers, parseOffers } from '../model/offers.ts';
import type { ToolAnnotations, ToolArgument } from '../model/tool.ts';
import type { InstalledTool } from './installed-tool.ts';

/** A row of the table `tools`: column name to value, as SQLite gives and takes it. */
export type ToolRow = Readonly<Record<(typeof toolColumns)[number], string | number | null>>;

export const toolColumns = [
  'id',
  'name',
  'version',
  'description',
  'artifact_sha256',
  'artifact_size',
  'source_kind',
  'source_path',
  'enabled',
  'request',
  'max_memory_mb',
  'timeout_ms',
  'max_fuel',
  'arguments',
  'input_schema',
  'output_schema',
  'annotations',
  'convention',
  'sdk',
  'installed_at',
  'updated_at',
  'pinned_version',
  'signature',
  'signer_public_key',
  'assets_sha256',
  'offers',
] as const;

export function writeToolRow(tool: InstalledTool): ToolRow {
  return {
    id: tool.id,
    name: tool.name,
    version: tool.version,
    description: tool.description,
    artifact_sha256: tool.artifact.sha256,
    artifact_size: tool.artifact.size,
    source_kind: tool.source.kind,
    source_path: tool.source.path,
    enabled: tool.enabled ? 1 : 0,
    request: JSON.stringify(tool.request),
    max_memory_mb: tool.limits.maxMemoryMb,
    timeout_ms: tool.limits.timeoutMs,
    max_fuel: tool.limits.maxFuel ?? null,
    arguments: JSON.stringify(tool.arguments),
    input_schema: JSON.stringify(tool.inputSchema),
    output_schema: tool.outputSchema === undefined ? null : JSON.stringify(tool.outputSchema),
    annotations: JSON.stringify(tool.annotations),
    convention: tool.convention,
    sdk: tool.sdk === undefined ? null : JSON.stringify(tool.sdk),
    installed_at: tool.installedAt,
    updated_at: tool.updatedAt,
    pinned_version: tool.pinnedVersion ?? null,
    signature: tool.signature ?? null,
    signer_public_key: tool.signerPublicKey ?? null,
    assets_sha256: tool.assets ?? null,
    offers: JSON.stringify(tool.offers),
  };
}

/**
 * Checks a row read from the database at `path`.
 * @throws KamiError `KAMI_REGISTRY_CORRUPT` naming the tool and the column
 */
export function readToolRow(row: ToolRow, path: string): InstalledTool {
  const damaged = (column: string, expected: string): KamiError => {
    const name = String(row.id);
    return new KamiError('KAMI_REGISTRY_CORRUPT', {
      message: `The entry of the tool "${name}" in the registry ${path} is damaged: ${column} is not ${expected}.`,
      fix: `Remove the tool and install it again: kami uninstall ${name}`,
      data: { path, tool: name, column },
    });
  };
  type Column = (typeof toolColumns)[number];

  function text(column: Column): string {
    const value = row[column];
    if (typeof value !== 'string') throw damaged(column, 'a text');
    return value;
  }
  function optionalText(column: Column): string | undefined {
    return row[column] === null ? undefined : text(column);
  }
  function count(column: Column): number {
    const value = row[column];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw damaged(column, 'a whole number');
    }
    return value;
  }
  function oneOf<const T extends string>(column: Column, choices: readonly T[]): T {
    const value = text(column);
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw damaged(column, `one of ${choices.join(', ')}`);
    return choice;
  }
  function time(column: Column): string {
    const value = text(column);
    if (Number.isNaN(Date.parse(value))) throw damaged(column, 'a time');
    return value;
  }
  function json<T extends Json>(column: Column, is: (value: Json) => value is T, expected: string): T {
    let value: Json;
    try {
      value = JSON.parse(text(column)) as Json;
    } catch {
      throw damaged(column, 'JSON');
    }
    if (!is(value)) throw damaged(column, expected);
    return value;
  }
  function optionalJson<T extends Json>(
    column: Column,
    is: (value: Json) => value is T,
    expected: string,
  ): T | undefined {
    return row[column] === null ? undefined : json(column, is, expected);
  }

  function sha256(column: Column): Sha256 {
    const value = text(column);
    if (!isSha256(value)) throw damaged(column, 'a SHA-256');
    return value;
  }

  const id = text('id');
  if (toolIdProblem(id) !== undefined) throw damaged('id', 'a tool id');

  return {
    id: id as ToolId,
    name: text('name'),
    version: text('version'),
    description: text('description'),
    artifact: { sha256: sha256('artifact_sha256'), size: count('artifact_size') },
    assets: row.assets_sha256 === null ? undefined : sha256('assets_sha256'),
    source: {
      kind: oneOf('source_kind', ['directory', 'manifest', 'component']),
      path: text('source_path'),
    },
    enabled: count('enabled') !== 0,
    request: toRequest(json('request', isRequest, 'a capability request')),
    limits: {
      maxMemoryMb: count('max_memory_mb'),
      timeoutMs: count('timeout_ms'),
      maxFuel: row.max_fuel === null ? undefined : count('max_fuel'),
    },
    arguments: json('arguments', isArgumentList, 'a list of arguments').map(toArgument),
    inputSchema: json('input_schema', isSchema, 'a JSON Schema'),
    outputSchema: optionalJson('output_schema', isSchema, 'a JSON Schema'),
    annotations: json('annotations', isAnnotations, 'a table of annotations'),
    convention: oneOf('convention', ['text', 'kami:result/1']),
    sdk: optionalJson('sdk', isSdk, 'a name and a version'),
    offers: row.offers === null ? noOffers : parseOffers(json('offers', isOffers, 'a list of offers')),
    installedAt: time('installed_at'),
    updatedAt: time('updated_at'),
    pinnedVersion: optionalText('pinned_version'),
    signature: optionalText('signature'),
    signerPublicKey: optionalText('signer_public_key'),
  };
}

type StoredRequest = JsonObject &
  Pick<CapabilityRequest, 'network' | 'fileSystem' | 'environment'> & {
    /** These are missing in older entries. */
    readonly asks?: readonly AskTarget[];
    readonly mounts?: readonly StoredMount[];
    readonly credentials?: readonly RequestedCredential[];
  };
type StoredMount = Omit<RequestedMount, 'reason'> & { readonly reason?: string };
type StoredArgument = JsonObject & Omit<ToolArgument, 'description' | 'default'>;

function isTextList(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isRequest(value: Json): value is StoredRequest {
  return (
    isJsonObject(value) &&
    isTextList(value.network) &&
    isTextList(value.environment) &&
    ['none', 'read-only', 'sandbox'].includes(String(value.fileSystem)) &&
    (value.asks === undefined || (isTextList(value.asks) && value.asks.every(isAskTarget))) &&
    isOptionalList(value.mounts, isMount) &&
    isOptionalList(value.credentials, isCredential)
  );
}

function isAskTarget(value: string): value is AskTarget {
  return askTargets.some((target) => target === value);
}

function isOptionalList(value: Json | undefined, is: (item: JsonObject) => boolean): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) && value.every((item: Json) => isJsonObject(item) && is(item));
}

function isMount({ path, access, reason }: JsonObject): boolean {
  return (
    typeof path === 'string' &&
    ['read-only', 'read-write'].includes(String(access)) &&
    ['string', 'undefined'].includes(typeof reason)
  );
}

function isCredential({ host, header, value }: JsonObject): boolean {
  return [host, header, value].every((text) => typeof text === 'string');
}

function toRequest(value: StoredRequest): CapabilityRequest {
  const { network, fileSystem, environment, asks = [], mounts = [], credentials = [] } = value;
  return {
    network,
    fileSystem,
    environment,
    asks,
    mounts: mounts.map(({ path, access, reason }) => ({ path, access, reason })),
    credentials: credentials.map(({ host, header, value }) => ({ host, header, value })),
  };
}

const argumentTypes = ['string', 'number', 'integer', 'boolean', 'array', 'object'];

function isArgumentList(value: Json): value is readonly StoredArgument[] {
  return (
    Array.isArray(value) &&
    value.every(
      (item: Json) =>
        isJsonObject(item) &&
        typeof item.name === 'string' &&
        argumentTypes.includes(String(item.type)) &&
        typeof item.required === 'boolean' &&
        ['string', 'undefined'].includes(typeof item.description),
    )
  );
}

function toArgument(value: StoredArgument): ToolArgument {
  const description = value.description;
  return {
    name: value.name,
    type: value.type,
    description: typeof description === 'string' ? description : undefined,
    required: value.required,
    default: value.default,
  };
}

function isSchema(value: Json): value is JsonSchema {
  return isJsonObject(value);
}

function isAnnotations(value: Json): value is JsonObject & ToolAnnotations {
  return (
    isJsonObject(value) &&
    Object.entries(value).every(([key, hint]) =>
      key === 'title' ? typeof hint === 'string' : typeof hint === 'boolean',
    )
  );
}

function isOffers(value: Json): value is JsonObject {
  try {
    return isJsonObject(value) && parseOffers(value) !== undefined;
  } catch (error) {
    if (error instanceof InvalidOffers) return false;
    throw error;
  }
}

function isSdk(value: Json): value is JsonObject & { readonly name: string; readonly version: string } {
  return isJsonObject(value) && typeof value.name === 'string' && typeof value.version === 'string';
}
