import { cleanText } from './clean-text.ts';
import { textWidth, truncateText } from './text-width.ts';

export interface TableOptions {
  /** Columns of the terminal; undefined when the output is no terminal: then nothing is cut. */
  readonly width: number | undefined;
}

const gap = 2;
const minColumnWidth = 8;

/**
 * Rows of cells as aligned columns, one line each and each with its line end. Cells may hold anything; they are
 * cleaned. On a terminal that is too narrow, the widest columns are cut first.
 */
export function table(rows: readonly (readonly string[])[], { width }: TableOptions): string {
  const cells = rows.map((row) => row.map((cell) => cleanText(cell)));
  const count = Math.max(0, ...cells.map((row) => row.length));
  const natural = Array.from({ length: count }, (_, column) =>
    cells.reduce((widest, row) => Math.max(widest, textWidth(row[column] ?? '')), 0),
  );
  const widths = width === undefined ? natural : narrow(natural, width - gap * (count - 1));
  return cells
    .map((row) => {
      const padded = row.map((cell, column) => {
        const text = truncateText(cell, widths[column] ?? 0);
        return text + ' '.repeat(Math.max(0, (widths[column] ?? 0) - textWidth(text)));
      });
      return `${padded.join(' '.repeat(gap)).trimEnd()}\n`;
    })
    .join('');
}

/** Narrows the widest column again and again until all fit, or none can give more. */
function narrow(natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= minColumnWidth) break;
    const second = Math.max(minColumnWidth, ...widths.filter((width) => width < widest));
    const column = widths.indexOf(widest);
    const isAlone = widths.filter((width) => width === widest).length === 1;
    const cut = isAlone ? Math.min(excess, widest - second) : 1;
    widths[column] = widest - cut;
    excess -= cut;
  }
  return widths;
}
