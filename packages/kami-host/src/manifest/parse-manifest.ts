import {
  type FileSystemAccess,
  type MountAccess,
  noCapabilities,
  type RequestedCredential,
  type RequestedMount,
} from '../model/capability.ts';
import { type AskTarget, askTargets } from '../model/client-request.ts';
import { credentialHeader, credentialHost, credentialValue } from '../model/credential.ts';
import { guestPath } from '../model/guest-path.ts';
import { hostPattern } from '../model/host-pattern.ts';
import { defaultRequestedLimits } from '../model/limits.ts';
import { oneOf, plainText, trueOrFalse, wholeNumber } from '../model/toml/checks.ts';
import { parseToml } from '../model/toml/document.ts';
import { ProblemList } from '../model/toml/problems.ts';
import { TableReader } from '../model/toml/table-reader.ts';
import { tomlValue } from '../model/toml/write.ts';
import type { ToolArgument } from '../model/tool.ts';
import { encodedBytes, manifestId, manifestVersion, packagePath, sha256, variableName } from './checks.ts';
import {
  annotationsText,
  argumentDefault,
  argumentName,
  argumentType,
  jsonObjectText,
} from './json-values.ts';
import { manifestBounds as bounds, manifestShapes } from './manifest-shapes.ts';
import type { ManifestComponent, ToolManifest } from './tool-manifest.ts';

/** The author's module when tool.toml names none. */
export const defaultEntry = 'src/tool.ts';

const displayName = plainText({ maxLength: bounds.name, example: 'My tool' });
const description = plainText({ maxLength: bounds.description, multiline: true, example: 'What it does' });
const reason = plainText({ maxLength: bounds.reason, example: 'Reads the documents you ask about' });
const mountAccess = oneOf<MountAccess>(['read-only', 'read-write'], 'read-only');
const askTarget = oneOf<AskTarget>(askTargets, 'user');
const fileSystemAccess = oneOf<FileSystemAccess>(['none', 'read-only', 'sandbox'], 'none');

/**
 * Reads the text of a tool.toml; nothing about it is trusted.
 *
 * @param file the name that errors give the file
 * @throws KamiError `KAMI_MANIFEST_INVALID` that lists everything that is wrong, each with its line and mend;
 *   `data` has `{ count, problems: { where, line?, key, message, fix }[] }`
 */
export function parseManifest(text: string, file: string): ToolManifest {
  const problems = new ProblemList();
  const parsed = parseToml(text);
  if (!parsed.ok) {
    const { line, column, message, fix } = parsed.problem;
    const where = line === undefined ? file : `${file}:${line}:${column}`;
    problems.add({ where, line, key: '', message, fix });
    problems.throwIfAny('KAMI_MANIFEST_INVALID', file);
    throw new Error('A list with a problem in it throws');
  }
  const root = new TableReader({ file, document: parsed.document, shapes: manifestShapes, problems });
  const manifest = readManifest(root);
  problems.throwIfAny('KAMI_MANIFEST_INVALID', file);
  return manifest;
}

/** What is wrong has been noted by the readers: a field that could not be read has a value nobody will see. */
function readManifest(root: TableReader): ToolManifest {
  if (!root.has('tool')) {
    const example = '[tool], with id = "com.example.my-tool", name = "My tool" and version = "1.0.0"';
    root.report('tool', 'There is no table [tool].', `Add the table ${example}`);
  }
  const tool = root.table('tool');
  const mcp = root.table('mcp');
  const component = root.table('component');
  const identity = {
    id: tool?.require('id', manifestId, '"com.example.my-tool"'),
    name: tool?.require('name', displayName, '"My tool"'),
    version: tool?.require('version', manifestVersion, '"1.0.0"'),
  } as Pick<ToolManifest, 'id' | 'name' | 'version'>;
  return Object.freeze({
    ...identity,
    artifact: Object.freeze({
      wasm: tool?.read('wasm', packagePath('my-tool.wasm', '.wasm')),
      sha256: tool?.read('wasm_sha256', sha256),
      signature: tool?.read('signature', encodedBytes(64, 'an Ed25519 signature')),
      signerPublicKey: tool?.read('signer_public_key', encodedBytes(32, 'an Ed25519 public key')),
    }),
    description: mcp?.read('description', description),
    arguments: readArguments(mcp),
    inputSchema: mcp?.read('input_schema', jsonObjectText),
    outputSchema: mcp?.read('output_schema', jsonObjectText),
    annotations: mcp?.read('annotations', annotationsText),
    ...readSecurity(root.table('security')),
    build: Object.freeze({
      entry: root.table('build')?.read('entry', packagePath(defaultEntry)) ?? defaultEntry,
    }),
    component: component === undefined ? undefined : readComponent(component),
  });
}

function readArguments(mcp: TableReader | undefined): readonly ToolArgument[] {
  const names = new Set<string>();
  const list = mcp?.tables('arguments', bounds.arguments).map((table) => {
    const name = table.require('name', argumentName, '"text"') ?? '';
    if (names.has(name) && name !== '') {
      table.report('name', `The argument "${name}" is there twice.`, 'Give each argument a name of its own.');
    }
    names.add(name);
    const type = table.require('type', argumentType, '"string"') ?? 'string';
    return Object.freeze({
      name,
      type,
      description: table.read('description', description),
      required: table.read('required', trueOrFalse) ?? false,
      default: table.read('default', argumentDefault(type)),
    });
  });
  return Object.freeze(list ?? []);
}

function readSecurity(security: TableReader | undefined): Pick<ToolManifest, 'request' | 'requestedLimits'> {
  const defaults = defaultRequestedLimits;
  const hosts = security?.readList('net_allow_list', hostPattern, bounds.listEntries);
  const variables = security?.readList('env_allow_list', variableName, bounds.listEntries);
  const asks = security?.readList('ask', askTarget, askTargets.length);
  const memory = wholeNumber(1, bounds.maxMemoryMb, defaults.maxMemoryMb);
  const network = Object.freeze(hosts ?? noCapabilities.network);
  const time = wholeNumber(1, bounds.maxExecutionMs, defaults.timeoutMs);
  const fuel = wholeNumber(1, bounds.maxFuel, 1_000_000_000);
  return {
    request: Object.freeze({
      network,
      fileSystem: security?.read('fs_access', fileSystemAccess) ?? noCapabilities.fileSystem,
      environment: Object.freeze(variables ?? noCapabilities.environment),
      asks: Object.freeze(asks ?? noCapabilities.asks),
      mounts: readMounts(security),
      credentials: readCredentials(security, network),
    }),
    requestedLimits: Object.freeze({
      maxMemoryMb: security?.read('max_memory_mb', memory) ?? defaults.maxMemoryMb,
      timeoutMs: security?.read('max_execution_ms', time) ?? defaults.timeoutMs,
      maxFuel: security?.read('max_fuel', fuel),
    }),
  };
}

function readMounts(security: TableReader | undefined): readonly RequestedMount[] {
  const paths = new Set<string>();
  const list = security?.tables('mounts', bounds.mounts).map((table) => {
    const path = table.require('path', guestPath, '"/data"') ?? '';
    if (paths.has(path) && path !== '') {
      table.report('path', `The mount "${path}" is there twice.`, 'Give each mount a path of its own.');
    }
    paths.add(path);
    return Object.freeze({
      path,
      access: table.require('access', mountAccess, '"read-only"') ?? 'read-only',
      reason: table.read('reason', reason),
    });
  });
  return Object.freeze(list ?? []);
}

function readCredentials(
  security: TableReader | undefined,
  network: readonly string[],
): readonly RequestedCredential[] {
  const places = new Set<string>();
  const list = security?.tables('credentials', bounds.credentials).map((table) => {
    const host = table.require('host', credentialHost, '"api.example.com"') ?? '';
    const header = table.require('header', credentialHeader, '"Authorization"') ?? '';
    if (host !== '' && !network.includes(host)) {
      const line = `net_allow_list = ${tomlValue([...network, host])}`;
      table.report(
        'host',
        `The credential is for "${host}", which is not in net_allow_list.`,
        `Write in [security]: ${line}`,
      );
    }
    const place = `${host} ${header.toLowerCase()}`;
    if (places.has(place) && host !== '' && header !== '') {
      table.report(
        'header',
        `The header ${header} for "${host}" is there twice.`,
        'Give each header of a host one credential.',
      );
    }
    places.add(place);
    const value = table.require('value', credentialValue, `"Bearer \${API_TOKEN}"`) ?? '';
    return Object.freeze({ host, header, value });
  });
  return Object.freeze(list ?? []);
}

function readComponent(table: TableReader): ManifestComponent {
  const text = plainText({ maxLength: bounds.name });
  const size = wholeNumber(1, bounds.componentBytes, 1_000_000);
  return Object.freeze({
    engine: table.require('engine', text, '"starlingmonkey"') ?? '',
    engineVersion: table.require('engine_version', text, '"1.0.0"') ?? '',
    size: table.require('size', size, '1000000') ?? 0,
    sdk: table.read('sdk', text),
  });
}
