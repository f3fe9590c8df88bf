import type { Config } from '../config/config.ts';
import type { ClientFile } from '../connect/client-file.ts';
import { type DiffLine, diffLines } from '../connect/line-diff.ts';
import { passingPlace } from '../connect/own-command.ts';
import type { ConnectionPlan } from '../connect/plan-connection.ts';
import type { ProbeResult } from '../connect/probe.ts';
import { cleanText } from '../terminal/clean-text.ts';
import type { Style } from '../terminal/style.ts';
import type { ConnectionTarget } from './connection-target.ts';

/** What was done. */
export interface ConnectionOutcome {
  readonly target: ConnectionTarget;
  readonly action: ConnectionPlan['action'];
  readonly isRemoval: boolean;
  /** The file itself, links followed. */
  readonly path: string;
  readonly backup: string | undefined;
}

/** A line longer than this is that of a file that nobody reads: who knows what else is in it. */
const maxLineLength = 500;

/** The file, and the lines of it that change. */
export function changeText(
  { path, bytes, text }: ClientFile,
  plan: Pick<ConnectionPlan, 'text'>,
  style: Style,
): string {
  const lines = diffLines(text, plan.text);
  const head = `${path}${bytes === undefined ? ' (new)' : ''}`;
  if (lines.some((line) => line.text.length > maxLineLength)) return `${head}: one long line changes\n`;
  return `${head}\n${lines.map((line) => `${lineText(line, style)}\n`).join('')}\n`;
}

function lineText({ kind, text }: DiffLine, { red, green, dim }: Style): string {
  const clean = cleanText(text, { multiline: true });
  if (kind === 'same') return dim(`    ${clean}`);
  return kind === 'added' ? green(`  + ${clean}`) : red(`  - ${clean}`);
}

const doneWords = {
  add: 'added',
  update: 'updated',
  replace: 'replaced',
  remove: 'removed',
} as const;

/** What was done, for people. */
export function connectionText({ target, action, isRemoval, path, backup }: ConnectionOutcome): string {
  const { client, name } = target;
  if (action === 'none') {
    return isRemoval
      ? `${client.title} has no server "${name}" in ${path}. Nothing was changed.\n`
      : `${client.title} starts KAMI already, as "${name}" in ${path}. Nothing was changed.\n`;
  }
  const kept = backup === undefined ? '' : `The file as it was: ${backup}\n`;
  return isRemoval
    ? `${client.title} does not start KAMI as "${name}" any more.\n${kept}`
    : `${client.title} will start KAMI as "${name}".\n${kept}`;
}

/** The same, as `--json` says it. */
export function connectionDocument(
  { target, action, isRemoval, path, backup }: ConnectionOutcome,
  notes: readonly string[],
  answer: Extract<ProbeResult, { status: 'answered' }> | undefined,
): object {
  const { client, scope, name, entry } = target;
  const status = action === 'none' ? (isRemoval ? 'absent' : 'unchanged') : doneWords[action];
  return {
    ...{ status, client: client.id, scope: scope ?? null, file: path, name },
    entry: isRemoval ? null : entry,
    backup: backup ?? null,
    tools: answer?.tools ?? null,
    notes,
    next: client.next,
  };
}

/** What whoever connects a client should know of the entry. */
export function notesOf(
  { scope, entry, file }: ConnectionTarget,
  { others }: Pick<ConnectionPlan, 'others'>,
  { entries }: Pick<Config, 'entries'>,
): readonly string[] {
  const [bin = ''] = entry.args;
  const passing = [bin, entry.command].flatMap((path) => {
    const place = passingPlace(path);
    return place === undefined
      ? []
      : [
          `${path} is in ${place}, and will go away. Install KAMI for good (npm install --global kami-host), and connect again.`,
        ];
  });
  const located = new Set(['data_dir', 'registry.database_path']);
  const lost = entries.flatMap(({ key, source }) =>
    source.kind === 'environment' && !located.has(key)
      ? [
          `${source.name} holds in this shell only: the client does not pass it on. Set ${key} in the configuration file instead.`,
        ]
      : [],
  );
  return [
    ...passing.slice(0, 1),
    ...lost,
    ...(scope === 'project'
      ? [`The entry has paths of this machine: keep ${file} out of version control.`]
      : []),
    ...others.map((name) => `The file also has "${cleanText(name)}", which starts KAMI too.`),
  ];
}
