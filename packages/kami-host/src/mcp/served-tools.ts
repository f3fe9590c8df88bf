import { createHash } from 'node:crypto';
import type { Tool } from '@modelcontextprotocol/server';
import { isKamiError, KamiError } from '../errors/kami-error.ts';
import type { CallResult } from '../model/call-result.ts';
import type { ToolId } from '../model/ids.ts';
import type { Json } from '../model/json.ts';
import type { Logger } from '../model/logger.ts';
import type { ToolAnnotations } from '../model/tool.ts';
import { correctionText } from '../policy/enforced-annotations.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import type { CallOptions, OfferCall } from '../runtime/kami-runtime.ts';
import type { HostCallOptions, ToolHost } from '../runtime/tool-host.ts';
import type { Serving } from './serving.ts';
import { publishedName } from './tool-names.ts';

/** The tools of one server as its clients see them. What was not selected is not there, by any name. */
export interface ServedTools {
  /** In the order of their names in clients, which is the same everywhere. */
  tools(): readonly NamedTool[];
  /** One of them as MCP describes it, with the hints that the sandbox holds it to. */
  describe(named: NamedTool): Tool;
  /** The tool that a client means, by its name here or by its dotted id. */
  find(name: string): InstalledTool | undefined;
  /** @throws KamiError `KAMI_TOOL_NOT_FOUND` for a tool that is not served, and as `ToolHost.call` */
  call(id: ToolId, input: Json, options?: HostCallOptions): Promise<CallResult>;
  /** @throws KamiError as `call` */
  consult(id: ToolId, asked: OfferCall, options?: CallOptions): Promise<CallResult>;
  /**
   * Calls `listener` when what clients see has changed, whoever changed it: the tools, or what they offer beside.
   * @returns ends it
   */
  onListChange(listener: (what: Changed) => void): () => void;
}

/** `components`: what computes the resources. */
export type Changed = 'tools' | 'offers' | 'components';

export interface NamedTool {
  /** Its name in clients. */
  readonly name: string;
  readonly tool: InstalledTool;
}

interface View {
  /** What it was made from; another one when the registry has changed. */
  readonly installed: readonly InstalledTool[];
  readonly named: readonly NamedTool[];
  /** By name here and by id; a name has no dot, and an id has one. */
  readonly byName: ReadonlyMap<string, InstalledTool>;
  /** What tells two views apart, worked out once for all who listen. */
  fingerprint: Fingerprint | undefined;
}

/** When a new client has its first answers: until then nothing is worked out that it does not wait for, ms. */
const settleMs = 250;

/** Claims that are corrected and names that are taken are logged, once each. */
export function createServedTools(
  host: Pick<ToolHost, 'tools' | 'call' | 'consult' | 'annotations' | 'onChange'>,
  serving: Serving,
  logger: Logger,
): ServedTools {
  const warned = new Set<string>();
  let view: View | undefined;

  function warnOnce(message: string): void {
    if (warned.has(message)) return;
    warned.add(message);
    logger.warn(message);
  }

  function current(): View {
    const installed = host.tools();
    if (view?.installed !== installed) {
      const named = nameTools(installed, serving, warnOnce);
      const byName = new Map(
        named.flatMap(({ name, tool }) => [[name, tool] as const, [tool.id, tool] as const]),
      );
      view = { installed, named, byName, fingerprint: undefined };
    }
    return view;
  }

  function describe({ name, tool }: NamedTool): Tool {
    const { annotations, corrections } = host.annotations(tool);
    for (const correction of corrections) warnOnce(correctionText(tool.id, correction));
    return toMcpTool(name, tool, annotations);
  }

  async function ifServed<T>(id: ToolId, work: () => Promise<T>): Promise<T> {
    if (!current().byName.has(id)) throw notServed(id);
    try {
      return await work();
    } catch (error) {
      // It went meanwhile. The error would name tools that are like it, and those are not for every client.
      throw current().byName.has(id) ? error : notServed(id);
    }
  }

  const fingerprint = () =>
    ifReadable((): Fingerprint => {
      const now = current();
      const { named } = now;
      now.fingerprint ??= {
        tools: hash(named.map(describe)),
        offers: hash(named.map(({ name, tool }) => [name, tool.offers])),
        components: hash(
          named.flatMap(({ tool }) => (tool.offers.resources.length > 0 ? [tool.artifact.sha256] : [])),
        ),
      };
      return now.fingerprint;
    });

  return {
    tools: () => current().named,
    describe,
    find: (name) => current().byName.get(name),
    call: (id, input, options) => ifServed(id, () => host.call(id, input, options)),
    consult: (id, asked, options) => ifServed(id, () => host.consult(id, asked, options)),
    onListChange(listener) {
      const first = ifReadable(current);
      let known: Fingerprint | undefined;
      const compare = () => {
        const now = fingerprint();
        const before = known;
        if (now === undefined) return;
        known = now;
        for (const what of ['tools', 'offers', 'components'] as const)
          if (now[what] !== before?.[what]) listener(what);
      };
      // What was there at the beginning is worked out a little later, if it still is what is there.
      const settle = setTimeout(() => {
        const now = fingerprint();
        if (view === first) known = now;
        else compare();
      }, settleMs).unref();
      const end = host.onChange(() => {
        clearTimeout(settle);
        compare();
      });
      return () => {
        clearTimeout(settle);
        end();
      };
    },
  };
}

/** Names what is served of the installed tools, in the order of the names. */
export function nameTools(
  installed: readonly InstalledTool[],
  { selects, aliases }: Serving,
  warn: (message: string) => void,
): readonly NamedTool[] {
  const nameById = new Map(aliases.map(({ name, tool }) => [tool, name]));
  const ownerOf = new Map(aliases.map(({ name, tool }) => [name, tool]));
  const named = installed.flatMap((tool): readonly NamedTool[] => {
    if (!selects(tool.id)) return [];
    const name = nameById.get(tool.id) ?? publishedName(tool.id);
    const owner = ownerOf.get(name) ?? tool.id;
    if (owner === tool.id) return [{ name, tool }];
    // It was installed after the server had begun; a client can't be given two tools of one name.
    warn(`${tool.id} is not served: clients call ${owner} by its name, ${name}`);
    return [];
  });
  return named.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function toMcpTool(name: string, tool: InstalledTool, annotations: ToolAnnotations): Tool {
  const { title = tool.name, ...hints } = annotations;
  return {
    name,
    title,
    description: tool.description,
    ...(tool.offers.icons.length === 0 ? {} : { icons: tool.offers.icons as NonNullable<Tool['icons']> }),
    // Its parser checked that it describes an object.
    inputSchema: tool.inputSchema as Tool['inputSchema'],
    ...(tool.outputSchema === undefined
      ? {}
      : { outputSchema: tool.outputSchema as NonNullable<Tool['outputSchema']> }),
    annotations: { title, ...hints },
  };
}

/** Undefined when the registry can't be read: whoever asks it for something is told why. */
function ifReadable<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isKamiError(error)) return undefined;
    throw error;
  }
}

type Fingerprint = Readonly<Record<Changed, string>>;

function hash(list: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(list)).digest('hex');
}

function notServed(id: ToolId): KamiError {
  return new KamiError('KAMI_TOOL_NOT_FOUND', {
    message: `This server does not serve ${id}.`,
    fix: 'See which tools it serves: kami list, with the profile that it was started with.',
    data: { tool: id },
  });
}
