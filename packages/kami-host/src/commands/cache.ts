import { damagedIn } from '../component/store-contents.ts';
import { storeUsage } from '../component/store-usage.ts';
import { KamiError } from '../errors/kami-error.ts';
import { openRegistry, type Registry } from '../registry/open-registry.ts';
import { byteSize } from './byte-size.ts';
import { type CacheContents, readCache, removeFromCache, unneeded } from './cache-contents.ts';
import { cacheDocument, cacheText, removalDocument, removalText } from './cache-report.ts';
import { type CommandContext, defineCommand } from './command.ts';

export const cache = defineCommand({
  builder: (yargs) =>
    yargs
      .positional('action', {
        choices: ['show', 'prune', 'verify'] as const,
        default: 'show' as const,
        describe: 'What to do',
      })
      .option('all', {
        type: 'boolean',
        default: false,
        describe: 'Prune: also what installed tools need, and what kami run keeps',
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Prune, verify: say what would be removed, and remove nothing',
      })
      .epilogue(
        'The cache holds what KAMI derives from components. All of it is made anew when it is needed, so it can be pruned at any time, also while a server runs.',
      )
      .example('$0 cache', 'what is there, and what of it each tool takes alone')
      .example('$0 cache prune', 'remove what no installed tool needs')
      .example('$0 cache verify', 'read every file, and remove those that are damaged'),

  async run({ action, all, dryRun }, context) {
    if (all && action !== 'prune') throw wrongFlag('--all', 'kami cache prune --all');
    if (dryRun && action === 'show') throw wrongFlag('--dry-run', 'kami cache prune --dry-run');
    const { dataDir, registry: place } = context.config.values;
    if (action === 'verify') {
      await verify(await readCache(dataDir), dryRun, context);
      return 0;
    }
    const registry = await openRegistry(place.databasePath);
    try {
      // Read before it is asked who is installed: what is installed in between is then no orphan.
      const contents = await readCache(dataDir);
      if (action === 'prune') await prune(contents, registry, { all, dryRun }, context);
      else show(contents, registry, context);
    } finally {
      registry.close();
    }
    return 0;
  },
});

function show(contents: CacheContents, { tools }: Registry, context: CommandContext): void {
  const page = tools.findAll();
  for (const damaged of page.damaged) context.logger.warn(`${damaged.message} ${damaged.fix}`);
  const users = page.tools.map(({ id, artifact }) => ({ id, key: artifact.sha256 }));
  const usage = storeUsage(contents.components, users);
  const removals = unneeded(contents, tools.artifacts(), false);
  const others = removals.filter(({ kind }) => kind === 'other-format');
  if (others.length > 0) {
    const { bytes } = removalDocument(others);
    context.logger.warn(
      `Other versions of KAMI left ${byteSize(bytes)} that this one makes no use of. Remove it: kami cache prune`,
    );
  }
  context.print(
    context.json
      ? `${JSON.stringify(cacheDocument(contents, usage, removals))}\n`
      : cacheText(contents, usage, removals, context),
  );
}

async function prune(
  contents: CacheContents,
  { tools }: Registry,
  { all, dryRun }: { readonly all: boolean; readonly dryRun: boolean },
  context: CommandContext,
): Promise<void> {
  const removals = unneeded(contents, tools.artifacts(), all);
  if (!dryRun) await removeFromCache(contents, removals);
  const verb = dryRun ? 'Would remove' : 'Removed';
  const status = dryRun ? 'would-prune' : 'pruned';
  context.print(
    context.json
      ? `${JSON.stringify({ status, ...removalDocument(removals) })}\n`
      : removalText(removals, { verb, all, width: context.width }),
  );
}

async function verify(contents: CacheContents, dryRun: boolean, context: CommandContext): Promise<void> {
  const stores = [contents.components, contents.scratch];
  const damaged = (await Promise.all(stores.map(damagedIn))).flat();
  if (!dryRun) await removeFromCache(contents, damaged);
  const files = damaged.flatMap((removal) => removal.files);
  const checked = stores.reduce((sum, { forms, parts }) => sum + forms.length + parts.size, 0);
  if (context.json) {
    const paths = files.map(({ path }) => path);
    context.print(`${JSON.stringify({ checked, damaged: paths, removed: !dryRun && paths.length > 0 })}\n`);
    return;
  }
  if (files.length === 0) {
    context.print(
      checked === 0 ? 'The cache is empty.\n' : `All ${checked} files are as they were written.\n`,
    );
    return;
  }
  const end = dryRun
    ? 'Nothing was removed. The next call that needs one makes it anew.'
    : 'They were removed. The next call that needs one makes it anew.';
  const list = files.map(({ path }) => `  ${path}\n`).join('');
  context.print(`Damaged are ${files.length} of ${checked} files:\n${list}${end}\n`);
}

function wrongFlag(flag: string, command: string): KamiError {
  return new KamiError('KAMI_USAGE', {
    message: `${flag} is not for this action.`,
    fix: `It goes with another one: ${command}`,
  });
}
