import { describeLimits, describeRequest } from '../install/request-words.ts';
import { publishedName } from '../mcp/tool-names.ts';
import { type Grant, noGrant } from '../model/grant.ts';
import { correctionText, type EnforcedAnnotations } from '../policy/enforced-annotations.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { requireTool } from '../registry/require-tool.ts';
import { annotationsOf } from '../runtime/installed-tools.ts';
import { cleanText } from '../terminal/clean-text.ts';
import { table } from '../terminal/table.ts';
import { defineCommand } from './command.ts';
import { hintWords } from './hint-words.ts';
import { grantPhrases } from './install-words.ts';

export const inspect = defineCommand({
  builder: (yargs) =>
    yargs
      .positional('id', { type: 'string', demandOption: true, describe: 'Id of an installed tool' })
      .example('$0 inspect dev.kami.echo', 'what it takes, asks for and comes from'),

  async run({ id }, context) {
    const registry = await openRegistry(context.config.values.registry.databasePath);
    try {
      const tool = requireTool(registry.tools, id);
      const enforced = annotationsOf(tool, undefined, { registry, config: context.config });
      if (context.json) {
        const told = { enforcedAnnotations: enforced.annotations, corrections: enforced.corrections };
        context.print(`${JSON.stringify({ ...tool, mcpName: publishedName(tool.id), ...told })}\n`);
      } else {
        const granted = registry.grants.find(tool.id) ?? noGrant;
        context.print(table(facts(tool, granted, enforced), { width: context.width }));
        for (const correction of enforced.corrections) {
          context.print(`\n${correctionText(tool.id, correction)}.\n`);
        }
        context.print(`\n${context.style.bold('Input schema')}\n${pretty(tool.inputSchema)}\n`);
        if (tool.outputSchema !== undefined) {
          context.print(`\n${context.style.bold('Output schema')}\n${pretty(tool.outputSchema)}\n`);
        }
      }
      return 0;
    } finally {
      registry.close();
    }
  },
});

function facts(
  tool: InstalledTool,
  grant: Grant,
  { annotations }: EnforcedAnnotations,
): readonly (readonly string[])[] {
  const asks = [...describeRequest(tool.request), ...describeLimits(tool.limits)];
  return [
    ['Id', tool.id],
    ['Name', tool.name],
    ['Name in clients', publishedName(tool.id)],
    ['Version', tool.pinnedVersion === undefined ? tool.version : `${tool.version} (pinned)`],
    ['Description', tool.description],
    ['Asks to', asks[0] ?? 'nothing'],
    ...asks.slice(1).map((phrase) => ['', phrase]),
    ['Granted', `${grantPhrases(grant)} (kami permissions ${tool.id})`],
    ['Told to clients', hintWords(annotations)],
    ['Component', `${tool.artifact.size} bytes, SHA-256 ${tool.artifact.sha256}`],
    ['Written with', tool.sdk === undefined ? 'unknown' : `${tool.sdk.name} ${tool.sdk.version}`],
    ['Signed by', tool.signerPublicKey ?? 'nobody'],
    ['Installed from', tool.source.path],
    ['Installed', tool.installedAt],
    ['Updated', tool.updatedAt],
    ['Enabled', tool.enabled ? 'yes' : 'no'],
  ];
}

function pretty(schema: object): string {
  return cleanText(JSON.stringify(schema, null, 2), { multiline: true });
}
