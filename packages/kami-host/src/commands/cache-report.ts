import { formVersion } from '../component/component-store.ts';
import type { StoreUsage, ToolUsage } from '../component/store-usage.ts';
import type { Reuse } from '../model/compiled-component.ts';
import { table } from '../terminal/table.ts';
import { byteSize } from './byte-size.ts';
import { type CacheContents, type CacheRemoval, cacheBytes, sumBytes } from './cache-contents.ts';
import type { CommandContext } from './command.ts';

/** What there is of one kind of thing. */
interface KindTotal {
  readonly kind: CacheRemoval['kind'];
  readonly count: number;
  readonly bytes: number;
}

const kindWords: Readonly<Record<CacheRemoval['kind'], string>> = {
  form: 'forms of components that are not installed',
  part: 'parts that no form has',
  half: 'files that were not written to their end',
  'other-format': 'forms of other versions of KAMI',
  damaged: 'damaged files',
  scratch: 'forms of components tried with kami run',
  'run-folder': 'private folders of components tried with kami run',
};

const reuseWords: Readonly<Record<Reuse, string>> = {
  reset: 'an instance that was brought back to its beginning',
  ahead: 'a new instance, made ahead of it',
  none: 'a new instance, made for it',
};

/** What is in the cache, as `--json` says it. */
export function cacheDocument(
  cache: CacheContents,
  { tools, ...usage }: StoreUsage,
  removals: readonly CacheRemoval[],
) {
  const { folder, runFolders } = cache;
  return {
    ...{ folder, format: formVersion, bytes: cacheBytes(cache) },
    ...usage,
    tools: tools.map(({ id, key, form }) => ({ id, component: key, form: form ?? null })),
    unneeded: { bytes: bytesOf(removals), kinds: totals(removals) },
    runFolders: { count: runFolders.length, bytes: sumBytes(runFolders) },
  };
}

/** The same for people. */
export function cacheText(
  cache: CacheContents,
  usage: StoreUsage,
  removals: readonly CacheRemoval[],
  { style, width }: Pick<CommandContext, 'style' | 'width'>,
): string {
  if (cacheBytes(cache) === 0) return 'The cache is empty: nothing was compiled yet.\n';
  const { engines, otherModules, snapshots, glue, records, tools } = usage;
  const withHead = (rows: readonly (readonly string[])[]) => {
    const text = table(rows, { width });
    const end = text.indexOf('\n');
    return `\n${style.bold(text.slice(0, end))}${text.slice(end)}`;
  };
  const sections = [`${byteSize(cacheBytes(cache))} in ${cache.folder}\n`];
  if (tools.length > 0) {
    const head = ['TOOL', 'ENGINE', 'SNAPSHOT', 'ALONE', 'A CALL GETS'];
    sections.push(withHead([head, ...tools.map(toolRow)]));
  }
  if (engines.length > 0) {
    const rows = engines.map(({ sha256, bytes, tools: count }) => [
      short(sha256),
      byteSize(bytes),
      String(count),
    ]);
    sections.push(withHead([['ENGINE', 'SIZE', 'TOOLS'], ...rows]));
    sections.push(
      withHead([
        ['PARTS', 'SIZE', 'FILES'],
        ['engines', byteSize(sumBytes(engines)), String(engines.length)],
        ['other modules', byteSize(otherModules.bytes), String(otherModules.count)],
        [
          `snapshots (${byteSize(snapshots.expandedBytes)} in memory)`,
          byteSize(snapshots.bytes),
          String(snapshots.count),
        ],
        ['glue', byteSize(glue.bytes), String(glue.count)],
        ['records', byteSize(records.bytes), String(records.count)],
      ]),
    );
  }
  const ofRuns = cache.runFolders.map((file) => ({ kind: 'run-folder' as const, files: [file] }));
  if (ofRuns.length > 0)
    sections.push(`\nKept for kami run (kami cache prune --all removes it):\n${kindRows(ofRuns, width)}`);
  if (removals.length > 0)
    sections.push(`\nNot needed (kami cache prune removes it):\n${kindRows(removals, width)}`);
  return sections.join('');
}

/** What was removed, or would be, as `--json` says it. */
export function removalDocument(removals: readonly CacheRemoval[]) {
  return { bytes: bytesOf(removals), kinds: totals(removals) };
}

/** The same for people. */
export function removalText(
  removals: readonly CacheRemoval[],
  { verb, all, width }: { readonly verb: string; readonly all: boolean } & Pick<CommandContext, 'width'>,
): string {
  if (removals.length === 0) {
    return all
      ? 'There is nothing to remove: the cache is empty.\n'
      : 'There is nothing to remove: all that is in the cache is of installed tools.\n';
  }
  const after = all ? 'What is needed of it is made anew at the next call.\n' : '';
  return `${verb} ${byteSize(bytesOf(removals))}:\n${kindRows(removals, width, all)}${after}`;
}

function toolRow({ id, form }: ToolUsage): readonly string[] {
  if (form === undefined) return [id, '-', '-', '-', 'to wait: nothing is compiled yet'];
  const { engine, snapshotBytes, aloneBytes, reuse } = form;
  return [id, short(engine), byteSize(snapshotBytes), byteSize(aloneBytes), reuseWords[reuse]];
}

function kindRows(removals: readonly CacheRemoval[], width: number | undefined, all = false): string {
  const rows = totals(removals).map(({ kind, count, bytes }) => {
    const words = kind === 'form' && all ? 'forms of components' : kindWords[kind];
    return [`  ${words}`, byteSize(bytes), String(count)];
  });
  return table(rows, { width });
}

function totals(removals: readonly CacheRemoval[]): readonly KindTotal[] {
  const kinds = [...new Set(removals.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const those = removals.filter((removal) => removal.kind === kind);
    return { kind, count: those.length, bytes: bytesOf(those) };
  });
}

function bytesOf(removals: readonly CacheRemoval[]): number {
  return sumBytes(removals.flatMap(({ files }) => files));
}

/** Enough to tell engines apart. */
function short(sha256: string): string {
  return sha256.slice(0, 12);
}
