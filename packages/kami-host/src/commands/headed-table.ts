import { table } from '../terminal/table.ts';
import type { CommandContext } from './command.ts';

/** A table for stdout whose first row stands out. */
export function headedTable(
  rows: readonly (readonly string[])[],
  { style, width }: Pick<CommandContext, 'style' | 'width'>,
): string {
  const lines = table(rows, { width });
  const end = lines.indexOf('\n');
  return style.bold(lines.slice(0, end)) + lines.slice(end);
}
