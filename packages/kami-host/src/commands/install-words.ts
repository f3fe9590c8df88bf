import type { InstallOutcome, InstallPlan } from '../install/install-tool.ts';
import { describeItem } from '../install/request-words.ts';
import { type RequestedItems, requestedItems } from '../install/requested-items.ts';
import { secretNames } from '../model/credential.ts';
import { type Grant, grantItems, hasGrantItem } from '../model/grant.ts';
import { formatGrantItem } from '../model/grant-item.ts';
import { quoteText } from '../model/text.ts';
import { shellWord } from './grant-flags.ts';

export function hasOpen({ items, mounts }: RequestedItems): boolean {
  return items.length + mounts.length > 0;
}

export function changedFields({ changes }: InstallPlan): string {
  return changes.map(({ field }) => field).join(', ');
}

/** What would be installed and what it asks for, in words, one line each. */
export function planLines(plan: InstallPlan): readonly string[] {
  const from = plan.previousVersion === undefined ? '' : ` (installed: ${plan.previousVersion})`;
  const reasons = plan.candidate.tool.request.mounts.flatMap(({ path, reason }) =>
    reason === undefined ? [] : [`Its author says why it wants ${path}: ${quoteText(reason, 200)}`],
  );
  return [
    `${plan.name}: ${plan.id} ${plan.version}${from}`,
    ...(plan.description === '' ? [] : [plan.description]),
    ...(plan.requests.length === 0
      ? ['It asks for no permission.']
      : ['It asks to', ...plan.requests.map((phrase) => `  ${phrase}`), ...reasons]),
    `For each call it asks to ${plan.limits.join(', ')}.`,
    ...(plan.changes.length === 0 ? [] : [`Changed: ${changedFields(plan)}.`]),
    ...(plan.added.length === 0 ? [] : [`New since the installed version: ${plan.added.join(', ')}.`]),
    ...(plan.basis === undefined ? [] : [`Granted now: ${grantPhrases(plan.granted)}.`]),
    ...plan.notices,
  ];
}

/** What a tool is granted after its installation, and what is left to do, one line each. */
export function grantedLines(
  { tool, grant }: InstallOutcome,
  secrets: readonly { readonly name: string }[],
): readonly string[] {
  const { items, mounts } = requestedItems(tool);
  const missing: RequestedItems = {
    items: items.filter((item) => !hasGrantItem(grant, item)),
    mounts: mounts.filter(({ path }) => !grant.mounts.some(({ guestPath }) => guestPath === path)),
  };
  if (!hasOpen(missing) && grantItems(grant).length === 0) return [];
  const needed = new Set(grant.credentials.flatMap(({ value }) => secretNames(value)));
  const unset = [...needed].filter((name) => !secrets.some((secret) => secret.name === name));
  return [
    `Granted: ${grantPhrases(grant)}.`,
    ...(hasOpen(missing)
      ? [`Not granted, though it asks for it. To grant it: kami grant ${tool.id} ${itemWords(missing)}`]
      : []),
    ...unset.map((name) => `It has no secret ${name} yet: kami secret set ${tool.id} ${name}`),
  ];
}

export function grantPhrases(grant: Grant): string {
  return grantItems(grant).map(describeItem).join(', ') || 'nothing';
}

/** Flags that would grant what is open: `--grant net=a.example --grant mount=<folder>:/data:ro`. */
export function grantWords(open: RequestedItems): string {
  return wordsOf(open)
    .map((word) => `--grant ${word}`)
    .join(' ');
}

function itemWords(open: RequestedItems): string {
  return wordsOf(open).join(' ');
}

function wordsOf({ items, mounts }: RequestedItems): readonly string[] {
  return [
    ...items.map((item) => shellWord(formatGrantItem(item))),
    ...mounts.map(({ path, access }) => `mount=<folder>:${path}:${access === 'read-only' ? 'ro' : 'rw'}`),
  ];
}
