import {
  type EmptyResult,
  type InputRequiredResult,
  type ListResourcesResult,
  type ListResourceTemplatesResult,
  type ReadResourceRequest,
  type ReadResourceResult,
  ResourceNotFoundError,
  type Server,
  type ServerContext,
  type SubscribeRequest,
} from '@modelcontextprotocol/server';
import { isJsonObject, type Json } from '../model/json.ts';
import type { OfferedResource } from '../model/offers.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { consult, readOffered } from './consult.ts';
import type { ServerDeps } from './server-deps.ts';
import { matchesTemplate } from './uri-template.ts';

interface PublishedResource {
  readonly tool: InstalledTool;
  readonly resource: OfferedResource;
}

/** All resources; of two tools that offer the same the one that comes first in the order of their ids. */
function publishedResources(tools: readonly InstalledTool[]): readonly PublishedResource[] {
  const byAddress = new Map<string, PublishedResource>();
  for (const tool of tools) {
    for (const resource of tool.offers.resources) {
      const address = resource.uri ?? resource.uriTemplate;
      if (!byAddress.has(address)) byAddress.set(address, { tool, resource });
    }
  }
  return [...byAddress.values()];
}

/** Answers `resources/list` from the registry alone. */
export function listResources(tools: readonly InstalledTool[]): ListResourcesResult {
  return {
    resources: publishedResources(tools).flatMap(({ resource }) =>
      resource.uri === undefined ? [] : [{ ...resource }],
    ),
  };
}

/** Answers `resources/templates/list` from the registry alone. */
export function listResourceTemplates(tools: readonly InstalledTool[]): ListResourceTemplatesResult {
  return {
    resourceTemplates: publishedResources(tools).flatMap(({ resource }) => {
      if (resource.uriTemplate === undefined) return [];
      const { completes: _, ...template } = resource;
      return [template];
    }),
  };
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

/**
 * Answers `resources/subscribe` (until 2025-11-25). Nothing is kept: a component has no way to say that something changed,
 * so there is nothing to notify of.
 * @throws ResourceNotFoundError
 */
export function subscribe(
  tools: readonly InstalledTool[],
  { params: { uri } }: SubscribeRequest,
): EmptyResult {
  findResource(tools, uri);
  return {};
}

/** @throws ResourceNotFoundError */
function findResource(tools: readonly InstalledTool[], uri: string): PublishedResource {
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
export function findTemplate(
  tools: readonly InstalledTool[],
  template: string,
): PublishedResource | undefined {
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
