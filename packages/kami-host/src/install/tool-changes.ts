import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../model/json.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import type { Candidate } from './candidate.ts';
import { describeAdded } from './request-words.ts';

const comparedFields = [
  'version',
  'artifact',
  'assets',
  'name',
  'description',
  'inputSchema',
  'outputSchema',
  'annotations',
  'arguments',
  'convention',
  'sdk',
  'request',
  'limits',
  'signature',
  'signerPublicKey',
] as const satisfies readonly (keyof Candidate['tool'])[];

type ComparedField = (typeof comparedFields)[number];

/** One thing that an installation would change in an installed tool; null where there is nothing. */
export interface ToolChange {
  readonly field: ComparedField;
  readonly before: Json;
  readonly after: Json;
  /** Whether it changes what an agent is told of the tool, or what the tool may do: a person should look. */
  readonly needsReview: boolean;
}

/** What a model reads and decides by: a stranger could change it after the tool has won trust. */
const seenByModels: ReadonlySet<ComparedField> = new Set([
  'description',
  'inputSchema',
  'outputSchema',
  'annotations',
  'arguments',
]);

export function findChanges(before: InstalledTool, after: Candidate['tool']): readonly ToolChange[] {
  const asksForMore = describeAdded(before, after).length > 0;
  return comparedFields.flatMap((field) => {
    const change = { field, before: toJson(before[field]), after: toJson(after[field]) };
    if (isDeepStrictEqual(change.before, change.after)) return [];
    const asks = field === 'request' || field === 'limits';
    return [{ ...change, needsReview: asks ? asksForMore : seenByModels.has(field) }];
  });
}

/** As the registry would give it back, so that an absent and an undefined property are the same. */
function toJson(value: InstalledTool[ComparedField]): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
}
