import { KamiError } from '../errors/kami-error.ts';
import { answerByFlags, type GrantFlags } from '../install/grant-answer.ts';
import { hostInstallDeps } from '../install/host-deps.ts';
import { resolveSource } from '../install/install-source.ts';
import { executePlan, type InstallOutcome, type InstallPlan, planInstall } from '../install/install-tool.ts';
import { publishedName } from '../mcp/tool-names.ts';
import type { GrantChange } from '../model/grant.ts';
import { openToolHost } from '../runtime/tool-host.ts';
import { askYesNo } from '../terminal/ask.ts';
import { cleanText } from '../terminal/clean-text.ts';
import { askGrants } from './ask-grants.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { currentGrantor, grantJson, grantOptions, readGrantFlags } from './grant-flags.ts';
import { changedFields, grantedLines, grantWords, hasOpen, planLines } from './install-words.ts';

export const install = defineCommand({
  builder: (yargs) =>
    grantOptions(
      yargs.positional('source', {
        type: 'string',
        demandOption: true,
        describe: 'A tool project or package folder, a tool.toml, or a .wasm file',
      }),
    )
      .option('allow-downgrade', {
        type: 'boolean',
        default: false,
        describe: 'Let an older version replace a newer one',
      })
      .example('$0 install ./my-tool', 'install the built tool of a project, and ask what to grant')
      .example('$0 install ./my-tool --yes --json', 'from a script: grant what it asks for')
      .example('$0 install ./my-tool --grant net=api.example.com', 'grant this and nothing else'),

  async run(args, context) {
    const flags = readGrantFlags(args, context.config);
    const found = await resolveSource(args.source);
    const host = await openToolHost(context.config);
    try {
      const deps = hostInstallDeps(host, found.path);
      const step = context.reporter.step('Checking the component in the sandbox');
      const plan = await planInstall(deps, found, { allowDowngrade: args.allowDowngrade }).catch(
        (error: unknown) => {
          step.failed();
          throw error;
        },
      );
      step.done();
      const change = await settle(plan, flags, args.source, context);
      const outcome = await executePlan(deps, plan, { change, grantor: currentGrantor() });
      for (const problem of outcome.cleanup.problems) context.logger.warn(problem);
      context.print(context.json ? `${JSON.stringify(jsonOf(outcome))}\n` : textOf(outcome));
      for (const line of grantedLines(outcome, host.registry.secrets.list(outcome.tool.id))) {
        context.reporter.note(line);
      }
      return 0;
    } finally {
      await host.close('stop');
    }
  },
});

/**
 * Finds out what to grant: from the flags, else from the person at the terminal. Where nobody can be asked a new
 * tool is installed with nothing granted, but an update that asks for more, or tells agents something else, stops.
 * @throws KamiError `KAMI_INSTALL_DECLINED`
 */
async function settle(
  plan: InstallPlan,
  flags: GrantFlags,
  source: string,
  { interactive, reporter, config }: CommandContext,
): Promise<GrantChange> {
  const isNew = plan.basis === undefined;
  const { change, undecided } = answerByFlags({ isNew, open: plan.open }, flags);
  if (plan.action === 'unchanged') return change;
  if (!flags.yes) for (const line of planLines(plan)) reporter.note(line);
  const canAsk = interactive && !flags.yes;
  if (hasOpen(undecided)) {
    if (!canAsk && !isNew) throw unreviewed(plan, undecided, source);
    if (canAsk) {
      const chosen = await askGrants(plan, undecided, config);
      if (chosen === undefined) throw notInstalled(plan);
      return { ...change, add: [...change.add, ...chosen] };
    }
  }
  if (canAsk) {
    if (await askYesNo(`Install ${plan.id} ${plan.version}?`)) return change;
    throw notInstalled(plan);
  }
  if (plan.needsReview && !flags.yes) {
    throw declined(
      `${plan.id} ${plan.version} changes what agents are told of the tool or what it asks for: ${changedFields(plan)}. A person has to look at that first. The installed version stays.`,
      'Look at the changes, then install it with --yes or from a terminal.',
    );
  }
  return change;
}

function unreviewed(plan: InstallPlan, open: InstallPlan['open'], source: string): KamiError {
  return new KamiError('KAMI_INSTALL_DECLINED', {
    message: `${plan.id} ${plan.version} asks for more than the installed version: ${plan.added.join(', ')}. A person has to decide about that, and --yes does not. The installed version and its permissions stay.`,
    fix: `Run the command on a terminal, or decide by flags: kami install ${source} --yes ${grantWords(open)}   (or --yes --deny-all, to update without granting any of it)`,
    data: { tool: plan.id, added: plan.added },
  });
}

function notInstalled({ id }: InstallPlan): KamiError {
  return declined(
    `${id} was not installed. Nothing was changed.`,
    'Run the command again and answer yes, or pass --yes.',
  );
}

function declined(message: string, fix: string): KamiError {
  return new KamiError('KAMI_INSTALL_DECLINED', { message, fix });
}

const words = { installed: 'Installed', updated: 'Updated', unchanged: 'Already installed:' } as const;

function textOf({ status, tool }: InstallOutcome): string {
  return (
    `${words[status]} ${cleanText(tool.name)} ${tool.version} as ${tool.id}; MCP clients see ${publishedName(tool.id)}.\n` +
    `Call it: kami exec ${tool.id} --input '{…}'   What it takes: kami inspect ${tool.id}\n`
  );
}

function jsonOf({ status, tool, previousVersion, changes, grant }: InstallOutcome): object {
  const { id, name, version } = tool;
  const mcpName = publishedName(id);
  return { status, id, name, version, mcpName, previousVersion, changes, grant: grantJson(grant) };
}
