/** A line of a difference. */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** Lines that are the same, before and after those that are not. */
const context = 2;

/** What differs between two texts that differ in one place, with a little around it. Empty for equal texts. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  if (before === after) return [];
  const old = linesOf(before);
  const young = linesOf(after);
  const shorter = Math.min(old.length, young.length);
  let head = 0;
  while (head < shorter && old[head] === young[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === young.at(-1 - tail)) tail += 1;
  const kind = (lines: readonly string[], kind: DiffLine['kind']) => lines.map((text) => ({ kind, text }));
  return [
    ...kind(old.slice(Math.max(0, head - context), head), 'same'),
    ...kind(old.slice(head, old.length - tail), 'removed'),
    ...kind(young.slice(head, young.length - tail), 'added'),
    ...kind(young.slice(young.length - tail, Math.min(young.length, young.length - tail + context)), 'same'),
  ];
}

function linesOf(text: string): readonly string[] {
  if (text === '') return [];
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
