import { KamiError } from '../errors/kami-error.ts';
import { hostInstallDeps } from '../install/host-deps.ts';
import { resolveSource } from '../install/install-source.ts';
import { executePlan, type InstallOutcome, type InstallPlan, planInstall } from '../install/install-tool.ts';
import { publishedName } from '../mcp/tool-names.ts';
import { openToolHost } from '../runtime/tool-host.ts';
import { askYesNo } from '../terminal/ask.ts';
import { cleanText } from '../terminal/clean-text.ts';
import { type CommandContext, defineCommand } from './command.ts';

export const install = defineCommand({
  builder: (yargs) =>
    yargs
      .positional('source', {
        type: 'string',
        demandOption: true,
        describe: 'A tool project or package folder, a tool.toml, or a .wasm file',
      })
      .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'Ask nothing' })
      .option('allow-downgrade', {
        type: 'boolean',
        default: false,
        describe: 'Let an older version replace a newer one',
      })
      .example('$0 install ./my-tool', 'install the built tool of a project')
      .example('$0 install ./my-tool --yes --json', 'from a script'),

  async run({ source, yes, allowDowngrade }, context) {
    const found = await resolveSource(source);
    const host = await openToolHost(context.config.values);
    try {
      const deps = hostInstallDeps(host, found.path);
      const step = context.reporter.step('Checking the component in the sandbox');
      const plan = await planInstall(deps, found, { allowDowngrade }).catch((error: unknown) => {
        step.failed();
        throw error;
      });
      step.done();
      if (plan.action !== 'unchanged' && !yes) await askFor(plan, context);
      const outcome = await executePlan(deps, plan);
      for (const problem of outcome.cleanup.problems) context.logger.warn(problem);
      context.print(context.json ? `${JSON.stringify(jsonOf(outcome))}\n` : textOf(outcome));
      return 0;
    } finally {
      await host.close('stop');
    }
  },
});

/**
 * Shows what would be installed and asks. Where nobody can be asked a new tool is installed, since it gets no
 * permission by that, but an update that changes what agents are told stops.
 */
async function askFor(plan: InstallPlan, { interactive, reporter }: CommandContext): Promise<void> {
  for (const line of summary(plan)) reporter.note(line);
  if (!interactive) {
    if (!plan.needsReview) return;
    throw declined(
      `${plan.id} ${plan.version} changes what agents are told of the tool or what it asks for: ${changedFields(plan)}. A person has to look at that first.`,
      'Look at the changes, then install it with --yes or from a terminal.',
    );
  }
  if (await askYesNo(`Install ${plan.id} ${plan.version}?`)) return;
  throw declined(
    `${plan.id} was not installed. Nothing was changed.`,
    'Run the command again and answer y, or pass --yes.',
  );
}

function declined(message: string, fix: string): KamiError {
  return new KamiError('KAMI_INSTALL_DECLINED', { message, fix });
}

function summary(plan: InstallPlan): readonly string[] {
  const from = plan.previousVersion === undefined ? '' : ` (installed: ${plan.previousVersion})`;
  return [
    `${plan.name}: ${plan.id} ${plan.version}${from}`,
    ...(plan.description === '' ? [] : [plan.description]),
    plan.requests.length === 0 ? 'It asks for no permission.' : `It asks to ${plan.requests.join(', ')}.`,
    `Installing grants none of this. Each call may ${plan.limits.join(', ')}.`,
    ...(plan.changes.length === 0 ? [] : [`Changed: ${changedFields(plan)}.`]),
    ...(plan.added.length === 0 ? [] : [`New since the installed version: ${plan.added.join(', ')}.`]),
    ...plan.notices,
  ];
}

function changedFields({ changes }: InstallPlan): string {
  return changes.map(({ field }) => field).join(', ');
}

const words = { installed: 'Installed', updated: 'Updated', unchanged: 'Already installed:' } as const;

function textOf({ status, tool }: InstallOutcome): string {
  return (
    `${words[status]} ${cleanText(tool.name)} ${tool.version} as ${tool.id}; MCP clients see ${publishedName(tool.id)}.\n` +
    `Call it: kami exec ${tool.id} --input '{…}'   What it takes: kami inspect ${tool.id}\n`
  );
}

function jsonOf({ status, tool, previousVersion, changes }: InstallOutcome): object {
  const { id, name, version } = tool;
  return { status, id, name, version, mcpName: publishedName(id), previousVersion, changes };
}
