import { isObject } from '../json.ts';
import type { Resource } from '../resource-definition.ts';
import { InvalidInputError, ToolDefinitionError } from '../tool-error.ts';
import type { Offer } from './offer.ts';
import { suggestions } from './offer.ts';

/** What a component exports for an author's `resources`. */
export function offerResources(given: unknown): Offer<'read' | 'complete'> {
  const resources = given as readonly Resource[];
  if (!Array.isArray(given) || !given.every((one) => isObject(one) && typeof one.readAt === 'function')) {
    throw new ToolDefinitionError(
      'The export "resources" must be a list of what kamiResource({ … }) returns.',
    );
  }
  const listed = resources.map(({ uri, uriTemplate, name, title, description, mimeType, complete }) => ({
    ...{ uri, uriTemplate, name, title, description, mimeType },
    completes: uriTemplate === undefined ? undefined : Object.keys(complete ?? {}),
  }));
  return {
    listed: { resources: listed },
    functions: {
      async read(context, uri = '') {
        for (const resource of resources) {
          const contents = await resource.readAt(uri, context);
          if (contents !== undefined) return JSON.stringify(contents);
        }
        throw new InvalidInputError(`There is no resource "${uri}".`, { code: 'NO_SUCH_RESOURCE' });
      },
      complete: async (_context, template, variable = '', value = '', others) => {
        const resource = resources.find(({ uriTemplate }) => uriTemplate === template);
        return suggestions(resource?.complete?.[variable], value, others);
      },
    },
  };
}
