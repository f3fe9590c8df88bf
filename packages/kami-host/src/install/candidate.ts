import { basename, extname } from 'node:path';
import { KamiError } from '../errors/kami-error.ts';
import type { ToolManifest } from '../manifest/tool-manifest.ts';
import { noCapabilities } from '../model/capability.ts';
import { parseToolId, type ToolId } from '../model/ids.ts';
import type { JsonSchema } from '../model/json.ts';
import { defaultRequestedLimits } from '../model/limits.ts';
import { quoteText } from '../model/text.ts';
import type { ToolArgument, ToolDescription } from '../model/tool.ts';
import { parseVersion } from '../model/version.ts';
import { hash } from '../registry/artifact-store.ts';
import type { AssetTree } from '../registry/asset-tree.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import type { InstallSource } from './install-source.ts';

/** What the registry keeps of an installation, and not of what is being installed. */
type KeptFields = 'enabled' | 'installedAt' | 'updatedAt' | 'pinnedVersion';

/** A checked tool that could be installed: its future entry, its bytes, and the files that it brings along. */
export interface Candidate {
  readonly tool: Omit<InstalledTool, KeptFields>;
  readonly bytes: Uint8Array;
  readonly assets: AssetTree | undefined;
}

/** Ids of components that were installed without a manifest, and so without a publisher. */
const localPrefix = 'local.';

/**
 * Joins what the manifest says (who the tool is, what it asks for) and what the component says of itself
 * (what it does and takes).
 * @throws KamiError `KAMI_MANIFEST_INVALID` (manifest and component contradict each other),
 * `KAMI_COMPONENT_INVALID` (a component that names itself wrongly)
 */
export function createCandidate(
  source: InstallSource,
  bytes: Uint8Array,
  description: ToolDescription,
  assets?: AssetTree,
): Candidate {
  const manifest = source.kind === 'component' ? undefined : source.manifest;
  const identity =
    source.kind === 'component'
      ? readIdentity(source.path, description)
      : confirmIdentity(source.manifest, source.manifestPath, description);
  const hasAnnotations = Object.keys(description.annotations).length > 0;
  return {
    bytes,
    assets,
    tool: {
      ...identity,
      description: description.description || (manifest?.description ?? ''),
      artifact: { sha256: hash(bytes), size: bytes.length },
      assets: assets?.sha256,
      source: { kind: source.kind, path: source.path },
      request: manifest?.request ?? noCapabilities,
      limits: manifest?.requestedLimits ?? defaultRequestedLimits,
      arguments: manifest?.arguments ?? [],
      inputSchema: chooseInputSchema(description, manifest),
      outputSchema: description.outputSchema ?? manifest?.outputSchema,
      annotations: hasAnnotations ? description.annotations : (manifest?.annotations ?? {}),
      convention: description.convention,
      sdk: description.sdk,
      offers: description.offers,
      signature: manifest?.artifact.signature,
      signerPublicKey: manifest?.artifact.signerPublicKey,
    },
  };
}

type Identity = Pick<InstalledTool, 'id' | 'name' | 'version'>;

function confirmIdentity(manifest: ToolManifest, path: string, description: ToolDescription): Identity {
  for (const key of ['id', 'version'] as const) {
    const own = description[key];
    if (own === undefined || own === manifest[key]) continue;
    throw new KamiError('KAMI_MANIFEST_INVALID', {
      message: `${path} and its component contradict each other: the manifest says ${key} ${quoteText(manifest[key])}, the component says ${quoteText(own)}.`,
      fix: 'Build the tool again (kami build <directory>), so that both come from the same source.',
      data: { path, key, manifest: manifest[key], component: own },
    });
  }
  return { id: manifest.id, name: manifest.name, version: manifest.version };
}

function readIdentity(path: string, description: ToolDescription): Identity {
  const slug = slugOf(path);
  const version = description.version ?? '0.0.0';
  if (parseVersion(version) === undefined) {
    throw badName(path, `its version ${quoteText(version)} is not a semantic version such as 1.0.0`);
  }
  return {
    id: description.id === undefined ? parseToolId(localPrefix + slug) : ownId(path, description.id),
    name: description.name ?? slug,
    version,
  };
}

function ownId(path: string, text: string): ToolId {
  if (text.startsWith(localPrefix)) {
    throw badName(
      path,
      `ids that begin with "${localPrefix}" are for components that have no id of their own`,
    );
  }
  try {
    return parseToolId(text);
  } catch (error) {
    throw badName(path, error instanceof KamiError ? error.message.replace(/\.$/, '') : 'its id is invalid');
  }
}

function badName(path: string, why: string): KamiError {
  return new KamiError('KAMI_COMPONENT_INVALID', {
    message: `The component ${path} can't be installed: ${why}.`,
    fix: 'Correct id and version in the tool.toml of its source, and build it again: kami build <directory>',
    data: { path },
  });
}

const maxSlugLength = 64;

function slugOf(path: string): string {
  const slug = basename(path, extname(path))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, maxSlugLength)
    .replace(/^-+|-+$/g, '');
  return slug === '' ? 'tool' : slug;
}

/** The first of these that says something: the component, the manifest's schema, its list of arguments. */
function chooseInputSchema(description: ToolDescription, manifest: ToolManifest | undefined): JsonSchema {
  if (!isBareObject(description.inputSchema)) return description.inputSchema;
  if (manifest?.inputSchema !== undefined) return manifest.inputSchema;
  if (manifest !== undefined && manifest.arguments.length > 0) return schemaOfArguments(manifest.arguments);
  return description.inputSchema;
}

/** `{ "type": "object" }` is also what stands in for the schema of a component that describes none. */
function isBareObject(schema: JsonSchema): boolean {
  const keys = Object.keys(schema);
  return keys.length === 0 || (keys.length === 1 && schema.type === 'object');
}

function schemaOfArguments(list: readonly ToolArgument[]): JsonSchema {
  const required = list.filter((argument) => argument.required).map((argument) => argument.name);
  return {
    type: 'object',
    properties: Object.fromEntries(
      list.map(({ name, type, description, default: value }) => [
        name,
        {
          type,
          ...(description === undefined ? {} : { description }),
          ...(value === undefined ? {} : { default: value }),
        },
      ]),
    ),
    ...(required.length === 0 ? {} : { required }),
  };
}
