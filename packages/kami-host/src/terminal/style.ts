/** The few ways in which KAMI sets off text. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
}

function wrap(open: number, close: number): (text: string) => string {
  return (text) => `\u001b[${open}m${text}\u001b[${close}m`;
}

function plain(text: string): string {
  return text;
}

const coloured: Style = {
  bold: wrap(1, 22),
  dim: wrap(2, 22),
  red: wrap(31, 39),
  yellow: wrap(33, 39),
  green: wrap(32, 39),
};
const uncoloured: Style = { bold: plain, dim: plain, red: plain, yellow: plain, green: plain };

export function createStyle(color: boolean): Style {
  return color ? coloured : uncoloured;
}

/** Whether to colour what goes to a stream: only on a terminal that can, and not when `NO_COLOR` is set (no-color.org). */
export function hasColor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const isUnwanted = env.NO_COLOR !== undefined && env.NO_COLOR !== '';
  return stream.isTTY === true && !isUnwanted && env.TERM !== 'dumb';
}
