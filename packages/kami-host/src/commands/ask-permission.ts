import { changeToolGrant } from '../install/change-grant.ts';
import { describeItem } from '../install/request-words.ts';
import type { Permissions } from '../mcp/server-deps.ts';
import type { Refusal } from '../model/capability.ts';
import type { OpenRequest } from '../model/client-request.ts';
import type { Grantor } from '../model/grant.ts';
import { anyFolder, formatGrantItem, type GrantItem, parseGrantItem } from '../model/grant-item.ts';
import type { ToolId } from '../model/ids.ts';
import { isJsonObject, type Json } from '../model/json.ts';
import type { Registry } from '../registry/open-registry.ts';

/** For how long a person permits something. */
type Choice = 'once' | 'session' | 'always' | 'no';

const choices: readonly { readonly const: Choice; readonly title: string }[] = [
  { const: 'no', title: 'No' },
  { const: 'once', title: 'For this call' },
  { const: 'session', title: 'Until the server ends' },
  { const: 'always', title: 'Always' },
];
const keyPrefix = 'permit ';
/** More at once nobody reads. */
const maxItems = 8;

/**
 * Asks the person at the client for what the sandbox refused a tool (`kami serve --ask`). The model has no part in it: it
 * sees neither the question nor a way to answer. What is permitted holds from the next run of the call on.
 */
export class AskedPermissions implements Permissions {
  readonly #registry: Pick<Registry, 'tools' | 'grants'>;
  readonly #grantor: () => Grantor;
  /** By client and tool. */
  readonly #session = new Map<string, Map<string, GrantItem>>();

  constructor(registry: Pick<Registry, 'tools' | 'grants'>, grantor: () => Grantor) {
    this.#registry = registry;
    this.#grantor = grantor;
  }

  permitted(id: ToolId, client: string, answers: ReadonlyMap<string, Json>): readonly GrantItem[] {
    const kept = this.#session.get(`${client} ${id}`) ?? new Map<string, GrantItem>();
    const items = new Map(kept);
    for (const [key, answer] of answers) {
      const choice = key.startsWith(keyPrefix) ? choiceOf(answer) : 'no';
      if (choice === 'no') continue;
      const asked = itemsIn(key);
      for (const item of asked) items.set(formatGrantItem(item), item);
      if (choice === 'session') this.#session.set(`${client} ${id}`, new Map([...kept, ...items]));
      if (choice === 'always') {
        changeToolGrant(this.#registry, id, { add: asked, remove: [] }, this.#grantor());
      }
    }
    return [...items.values()];
  }

  question(
    id: ToolId,
    refusals: readonly Refusal[],
    answers: ReadonlyMap<string, Json>,
  ): OpenRequest | undefined {
    const texts = [...new Set(refusals.flatMap(({ grant }) => grant ?? []))]
      .filter((text) => !text.includes(anyFolder) && !/\s/.test(text))
      .toSorted()
      .slice(0, maxItems);
    const key = keyPrefix + texts.join(' ');
    const isAsked = [...answers.keys()].some((known) => known.startsWith(keyPrefix));
    if (texts.length === 0 || isAsked) return undefined;
    const words = itemsIn(key).map(describeItem).join('; ');
    return {
      key,
      method: 'elicitation/create',
      params: {
        mode: 'form',
        message: `KAMI asks: the tool ${id} wants to ${words}. Its sandbox refused that. Permit it? If you do, the call is run again.`,
        requestedSchema: {
          type: 'object',
          properties: { permit: { type: 'string', title: 'Permit', oneOf: choices, default: 'no' } },
          required: ['permit'],
        },
      },
    };
  }
}

function itemsIn(key: string): readonly GrantItem[] {
  return key.slice(keyPrefix.length).split(' ').map(parseGrantItem);
}

/** Whatever is no clear consent is none. */
function choiceOf(answer: Json): Choice {
  if (!isJsonObject(answer) || answer.action !== 'accept' || !isJsonObject(answer.content)) return 'no';
  const { permit } = answer.content;
  return choices.find((choice) => choice.const === permit)?.const ?? 'no';
}
