import { KamiError } from '../errors/kami-error.ts';
import { isVariableName } from '../model/variable-name.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { requireTool } from '../registry/require-tool.ts';
import { createSecretStore } from '../registry/secret-store.ts';
import { askSecret } from '../terminal/ask.ts';
import { type CommandContext, defineCommand } from './command.ts';

export const secret = defineCommand({
  builder: (yargs) =>
    yargs
      .positional('action', {
        choices: ['set', 'list', 'remove'] as const,
        demandOption: true,
        describe: 'What to do',
      })
      .positional('tool', { type: 'string', demandOption: true, describe: 'Id of an installed tool' })
      .positional('name', { type: 'string', describe: 'Name of the secret, such as API_TOKEN' })
      .epilogue(
        'The value is read from stdin, or asked for without showing it; never give it as an argument, where other users can see it.\nSecrets are kept in plain text in a file that only you can read: secrets.json in the data folder.',
      )
      .example('$0 secret set dev.example.weather API_TOKEN', 'asks for the value')
      .example('pass show weather | $0 secret set dev.example.weather API_TOKEN', 'takes it from a program')
      .example('$0 secret list dev.example.weather', 'names only'),

  async run({ action, tool: id, name }, context) {
    if ((action === 'list') !== (name === undefined)) throw wrongWords(action);
    const registry = await openRegistry(context.config.values.registry.databasePath);
    try {
      const tool = requireTool(registry.tools, id);
      const store = createSecretStore(registry);
      if (name === undefined) {
        const entries = store.list(tool.id);
        context.print(
          context.json
            ? `${JSON.stringify({ id: tool.id, secrets: entries })}\n`
            : entries.map((entry) => `${entry.name}  set ${entry.setAt}\n`).join('') ||
                `${tool.id} has no secret.\n`,
        );
        return 0;
      }
      if (action === 'set') {
        store.set(tool.id, name, await readValue(tool.id, name, context), new Date());
        context.reporter.note(`Kept in ${store.path}, in plain text, readable by you only.`);
      } else if (!store.remove(tool.id, name)) throw noSuchSecret(tool.id, name);
      const status = action === 'set' ? 'set' : 'removed';
      context.print(
        context.json
          ? `${JSON.stringify({ id: tool.id, name, status })}\n`
          : `The secret ${name} of ${tool.id} is ${status}.\n`,
      );
      return 0;
    } finally {
      registry.close();
    }
  },
});

/** More than any secret has: what is longer is refused by the store. Bytes. */
const maxStdinBytes = 1024 * 1024;

/** From a person who does not see it on the screen, or from whatever stdin is, without its last line end. */
async function readValue(id: string, name: string, { interactive }: CommandContext): Promise<string> {
  if (!isVariableName(name)) return '';
  if (process.stdin.isTTY === true) {
    const value = interactive ? await askSecret(`Value of ${name} for ${id}`) : undefined;
    if (value !== undefined) return value;
    throw new KamiError('KAMI_CANCELLED', {
      message: `The secret ${name} was not set. Nothing was changed.`,
      fix: `Give its value at the prompt, or on stdin: kami secret set ${id} ${name} < file`,
    });
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(Buffer.from(chunk));
    size += chunks.at(-1)?.length ?? 0;
    if (size > maxStdinBytes) break;
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

function wrongWords(action: string): KamiError {
  return new KamiError('KAMI_USAGE', {
    message:
      action === 'list'
        ? 'kami secret list takes a tool and no name.'
        : `kami secret ${action} takes a tool and the name of a secret.`,
    fix:
      action === 'list'
        ? 'See all of them: kami secret list <tool>'
        : `Name both: kami secret ${action} <tool> <NAME>`,
  });
}

function noSuchSecret(id: string, name: string): KamiError {
  return new KamiError('KAMI_SECRET_NOT_FOUND', {
    message: `${id} has no secret of the name given. Nothing was changed.`,
    fix: `See what there is: kami secret list ${id}`,
    data: { tool: id, name },
  });
}
