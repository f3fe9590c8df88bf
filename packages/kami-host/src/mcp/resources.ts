import {
  type InputRequiredResult,
  type ListResourcesRequest,
  type ListResourcesResult,
  type ListResourceTemplatesRequest,
  type ListResourceTemplatesResult,
  type ReadResourceRequest,
  type ReadResourceResult,
  ResourceNotFoundError,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { isJsonObject, type Json } from '../model/json.ts';
import type { OfferedResource } from '../model/offers.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { consult, readOffered } from './consult.ts';
import { pageOf } from './page.ts';
import type { NamedTool } from './served-tools.ts';
import type { ServerDeps } from './server-deps.ts';
import { matchesTemplate } from './uri-template.ts';

interface PublishedResource {
  /** Its URI or template. */
  readonly name: string;
  readonly tool: InstalledTool;
  readonly resource: OfferedResource;
}

/** All resources; of two tools that offer the same the one that comes first in the order of their ids. */
function publishedResources(tools: readonly NamedTool[]): readonly PublishedResource[] {
  const byName = new Map<string, PublishedResource>();
  for (const { tool } of tools.toSorted((a, b) => (a.tool.id < b.tool.id ? -1 : 1))) {
    for (const resource of tool.offers.resources) {
      const name = resource.uri ?? resource.uriTemplate;
      if (!byName.has(name)) byName.set(name, { name, tool, resource });
    }
  }
  return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Answers `resources/list` from the registry alone. */
export function listResources(
  tools: readonly NamedTool[],
  { params }: ListResourcesRequest,
): ListResourcesResult {
  const all = publishedResources(tools).filter(({ resource }) => resource.uri !== undefined);
  const { entries, nextCursor } = pageOf(all, params?.cursor);
  const resources = entries.flatMap(({ resource }) => (resource.uri === undefined ? [] : [{ ...resource }]));
  return nextCursor === undefined ? { resources } : { resources, nextCursor };
}

/** Answers `resources/templates/list` from the registry alone. */
export function listResourceTemplates(
  tools: readonly NamedTool[],
  { params }: ListResourceTemplatesRequest,
): ListResourceTemplatesResult {
  const all = publishedResources(tools).filter(({ resource }) => resource.uriTemplate !== undefined);
  const { entries, nextCursor } = pageOf(all, params?.cursor);
  const resourceTemplates = entries.flatMap(({ resource }) => {
    if (resource.uriTemplate === undefined) return [];
    const { completes: _, ...template } = resource;
    return [template];
  });
  return nextCursor === undefined ? { resourceTemplates } : { resourceTemplates, nextCursor };
}

/** Answers `resources/read`. */
export async function readResource(
  deps: ServerDeps,
  server: Server,
  { params: { uri } }: ReadResourceRequest,
  context: ServerContext,
): Promise<ReadResourceResult | InputRequiredResult> {
  const { tool } = findResource(deps.host.tools(), uri);
  const answer = await consult(
    deps,
    server,
    tool,
    { offer: 'resources', method: 'read', texts: [uri] },
    context,
  );
  if (answer.kind !== 'text') return answer.result;
  return readOffered(tool.id, answer.text, (value) => readContents(value));
}

/** @throws ResourceNotFoundError */
export function findResource(tools: readonly NamedTool[], uri: string): PublishedResource {
  const all = publishedResources(tools);
  const found =
    all.find(({ resource }) => resource.uri === uri) ??
    all.find(
      ({ resource }) => resource.uriTemplate !== undefined && matchesTemplate(resource.uriTemplate, uri),
    );
  if (found === undefined) throw new ResourceNotFoundError(uri);
  return found;
}

/** The resource whose template this is. */
export function findTemplate(tools: readonly NamedTool[], template: string): PublishedResource | undefined {
  return publishedResources(tools).find(({ resource }) => resource.uriTemplate === template);
}

const maxContents = 1_000;

function readContents(value: Json): ReadResourceResult | undefined {
  if (!Array.isArray(value) || value.length > maxContents || !value.every(isContents)) return undefined;
  return { contents: value as unknown as ReadResourceResult['contents'] };
}

function isContents(value: Json): boolean {
  return (
    isJsonObject(value) &&
    typeof value.uri === 'string' &&
    (typeof value.text === 'string' || typeof value.blob === 'string') &&
    ['string', 'undefined'].includes(typeof value.mimeType)
  );
}
