import type { ComponentOrigin } from '../component/component-store.ts';
import type { Refusal } from '../model/capability.ts';
import type { GrantItem } from '../model/grant-item.ts';
import type { ToolDescription } from '../model/tool.ts';
import type { CallPolicy } from '../policy/call-policy.ts';

/** All that the runtime needs to call a tool. */
export interface CallableTool {
  /** What its rate of calls is counted by: its id, or for one that is not installed its hash. */
  readonly name: string;
  readonly origin: ComponentOrigin;
  /** Tools of different domains never share a process. */
  readonly domain: string;
  readonly policy: CallPolicy;
  /** The values behind what the policy names; read anew for every call. */
  readonly values: CallValues;
  /** Told what a call made use of and what it was refused. */
  readonly notes: CallNotes;
  readonly convention: ToolDescription['convention'];
  /** Schemas as JSON text: this is how workers take them and keep their validators. */
  readonly inputSchema: string;
  readonly outputSchema: string | undefined;
}

export interface CallValues {
  readonly secrets: () => ReadonlyMap<string, string>;
  /** The host's own variables, of which a guest sees the granted ones. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface CallNotes {
  readonly onUse: (item: GrantItem) => void;
  readonly onRefusal: (refusal: Refusal) => void;
}

type Described = Pick<ToolDescription, 'convention' | 'inputSchema' | 'outputSchema'>;

/** What a component says of itself, in the form in which calls take it. */
export function describedCall({ convention, inputSchema, outputSchema }: Described) {
  return {
    convention,
    inputSchema: JSON.stringify(inputSchema),
    outputSchema: outputSchema === undefined ? undefined : JSON.stringify(outputSchema),
  };
}

const noSecrets: ReadonlyMap<string, string> = new Map();

/** No values and no notes: for components that are called without being installed. */
export const noValues: CallValues = Object.freeze({ secrets: () => noSecrets, environment: {} });
export const noNotes: CallNotes = Object.freeze({ onUse: () => {}, onRefusal: () => {} });
