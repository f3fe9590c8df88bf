import { bareEnvironment } from '../connect/bare-environment.ts';
import { readClientFile, writeClientFile } from '../connect/client-file.ts';
import { clientIds } from '../connect/clients.ts';
import { renderServer } from '../connect/edit-servers.ts';
import { type ConnectionPlan, planConnection } from '../connect/plan-connection.ts';
import { type ProbeResult, probeServer } from '../connect/probe.ts';
import { KamiError } from '../errors/kami-error.ts';
import { askYesNo } from '../terminal/ask.ts';
import { cleanText } from '../terminal/clean-text.ts';
import { type CommandContext, defineCommand } from './command.ts';
import {
  type ConnectionOutcome,
  changeText,
  connectionDocument,
  connectionText,
  notesOf,
} from './connect-report.ts';
import { type ConnectionTarget, targetOf } from './connection-target.ts';

export const connect = defineCommand({
  builder: (yargs) =>
    yargs
      .positional('client', {
        type: 'string',
        demandOption: true,
        describe: `The client: ${clientIds.join(', ')}`,
      })
      .option('scope', {
        choices: ['user', 'project'] as const,
        describe: 'All that you open (if nothing is said), or the project in this folder',
      })
      .option('file', { type: 'string', describe: 'Configuration file of the client, where it is elsewhere' })
      .option('name', {
        type: 'string',
        describe: 'Name of the server in the client; kami if nothing is said',
      })
      .option('profile', {
        type: 'string',
        describe: 'Start kami serve with this profile, as kami-<profile>',
      })
      .option('remove', { type: 'boolean', default: false, describe: 'Remove the entry' })
      .option('print', { type: 'boolean', default: false, describe: 'Print the entry, and touch no file' })
      .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'Ask nothing' })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'Also replace or remove an entry of this name that does not start KAMI',
      })
      .option('check', {
        type: 'boolean',
        default: true,
        describe: 'Start the server as the client will, and ask it for its tools',
      })
      .epilogue(
        'The entry is put into the file of the client, and all else in it stays as it is. What was there is kept beside it as <file>.kami-backup.',
      )
      .example('$0 connect claude-desktop', 'shows the change, and asks')
      .example('$0 connect cursor --scope project --yes', 'for the project in this folder, without asking')
      .example('$0 connect vscode --print', 'the entry, to be put in by hand')
      .example('$0 connect codex --remove', 'takes the entry out again'),

  async run(args, context) {
    const { print, remove, check } = args;
    if (print && remove) throw printOrRemove();
    const target = targetOf(args, context.config);
    if (print) {
      context.print(printed(target, context));
      return 0;
    }
    const file = readClientFile(target.file);
    const { client, name, fields } = target;
    const text = { client, path: file.path, text: file.text };
    const plan = planConnection(text, name, remove ? undefined : fields);
    let backup: string | undefined;
    if (plan.action !== 'none') {
      const mayAsk = context.interactive && !args.yes;
      if (plan.stranger !== undefined && !args.force && !mayAsk) throw strangerInTheWay(plan, target);
      if (!context.json) context.print(changeText(file, plan, context.style));
      await settle(plan, target, args, context);
      backup = writeClientFile(file, plan.text);
    }
    const outcome = { target, action: plan.action, isRemoval: remove, path: file.path, backup };
    const notes = remove ? [] : notesOf(target, plan, context.config);
    if (!context.json) context.print(connectionText(outcome));
    for (const note of notes) context.reporter.note(note);
    const answer = remove || !check ? undefined : await checkEntry(target, outcome, context);
    if (context.json) context.print(`${JSON.stringify(connectionDocument(outcome, notes, answer))}\n`);
    else if (plan.action !== 'none') context.print(`Next: ${client.next}\n`);
    return 0;
  },
});

function printed({ client, name, entry, fields, file }: ConnectionTarget, { json }: CommandContext): string {
  const text = renderServer(client, name, fields);
  return json ? `${JSON.stringify({ client: client.id, file, name, entry, text })}\n` : text;
}

/**
 * Asks whether to write. An entry that is not KAMI's takes `--force`, or a yes to just that.
 * @throws KamiError `KAMI_CONNECT_DECLINED`
 */
async function settle(
  { stranger, action }: ConnectionPlan,
  { client, name }: ConnectionTarget,
  { yes, force }: { readonly yes: boolean; readonly force: boolean },
  { interactive }: CommandContext,
): Promise<void> {
  if (yes) return;
  if (!interactive) {
    throw declined(
      `Nobody could be asked whether to change the settings of ${client.title}.`,
      'Run the command on a terminal, or add --yes. --print shows the entry and touches nothing.',
    );
  }
  const verb = action === 'remove' ? 'Remove' : 'Replace';
  const question =
    stranger !== undefined && !force
      ? `${verb} "${name}", which does not start KAMI?`
      : `Change the settings of ${client.title}?`;
  if (await askYesNo(question)) return;
  throw declined(
    `The settings of ${client.title} stay as they are.`,
    'Run the command again and answer yes, or add --yes.',
  );
}

function strangerInTheWay(
  { stranger, action }: ConnectionPlan,
  { client, name, file }: ConnectionTarget,
): KamiError {
  const entry = withoutValues(stranger);
  return new KamiError('KAMI_CONNECT_CONFLICT', {
    message: `${client.title} has a server "${name}" that does not start KAMI: ${cleanText(JSON.stringify(entry))}. Nothing was changed.`,
    fix: `Give KAMI another name with --name <name>, or ${action === 'remove' ? 'remove' : 'replace'} that entry with --force.`,
    data: { client: client.id, file, name, entry },
  });
}

/** An entry to be shown where nobody may be looking, as in a log: others keep their keys in `env` and `headers`. */
function withoutValues(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null) return entry;
  const pairs = Object.entries(entry).map(([key, value]: [string, unknown]) => {
    const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
    return [key, isTable ? Object.keys(value) : value];
  });
  return Object.fromEntries(pairs);
}

const checkTimeoutMs = 30_000;

/** Starts what the file now has, as the client will: with next to no environment, and in another folder. */
async function checkEntry(
  { client, entry, surroundings }: ConnectionTarget,
  { path, backup }: ConnectionOutcome,
  { reporter, signal }: CommandContext,
): Promise<Extract<ProbeResult, { status: 'answered' }>> {
  const step = reporter.step(`Starting the server as ${client.title} will`);
  const result = await probeServer(entry, {
    env: bareEnvironment(surroundings.platform, surroundings.env),
    timeoutMs: checkTimeoutMs,
    signal,
  });
  if (result.status === 'answered') {
    const count = result.tools.length;
    step.done(count === 1 ? '1 tool' : `${count} tools`);
    if (count === 0) reporter.note('No tool is installed yet: kami install <directory>');
    return result;
  }
  step.failed();
  throw new KamiError('KAMI_CONNECT_CHECK_FAILED', {
    message: [
      `The entry is in ${path}, but the server that it starts does not answer. ${result.reason}`,
      ...result.stderr,
    ].join('\n'),
    fix: 'See what is wrong: kami doctor',
    data: { client: client.id, file: path, backup: backup ?? null, entry, ...result },
  });
}

function declined(message: string, fix: string): KamiError {
  return new KamiError('KAMI_CONNECT_DECLINED', { message, fix });
}

function printOrRemove(): KamiError {
  return new KamiError('KAMI_USAGE', {
    message: '--print and --remove exclude each other.',
    fix: 'Use one of them.',
  });
}
