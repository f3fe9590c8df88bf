import { liftErrorName } from '../model/compiled-component.ts';

/**
 * What one list that a component passes to its host may become there, bytes. The component's own memory bounds a
 * string or a list of bytes; but the items of a list can all be the same bytes of that memory, and each becomes a
 * copy of its own (threat: a list of a million views of one megabyte).
 */
const liftBudgetBytes = 32 * 1024 * 1024;
/** What an item costs the host beside its bytes. */
const itemBytes = 64;

/** The glue is not of the form that this was written for: nothing is known of what it lifts. */
export class UnknownGlue extends Error {
  override readonly name = 'UnknownGlue';
}

// The form of what jco 0.15 writes for lists from a component; those to it go over `vecN.length`.
const loopHead = /^(\s*)for \(let i = 0; i < len\d+; i\+\+\) \{$/;
const bytesOf = /\((ptr\d+), \1 \+ (len\d+) \* (\d+)\)/g;
const textOf = /\.decode\(new Uint(8|16)Array\((memory\d+)\.buffer, (ptr\d+), (len\d+)\)\)/g;

/**
 * Puts a budget on every list that the glue of a component lifts out of its memory.
 * @throws UnknownGlue
 */
export function boundLifting(glue: string): string {
  let end: string | undefined;
  const lines = glue.split('\n').map((line) => {
    const [, indent] = loopHead.exec(line) ?? [];
    if (end === undefined) {
      if (indent === undefined) return line;
      end = `${indent}}`;
      return `${line.replace('let i = 0;', `let i = 0, kamiLeft = ${liftBudgetBytes};`)} kamiLeft = kamiPaid(kamiLeft - ${itemBytes});`;
    }
    if (indent !== undefined) throw new UnknownGlue('a list of lists');
    if (line === end) end = undefined;
    return boundLine(line);
  });
  if (end !== undefined) throw new UnknownGlue('a list without an end');
  return `${lines.join('\n')}\n${stop}`;
}

function boundLine(line: string): string {
  const bounded = line
    .replace(bytesOf, (_all, pointer, length, size) => {
      return `(${pointer}, ${pointer} + (kamiLeft = kamiPaid(kamiLeft - ${length} * ${size}), ${length} * ${size}))`;
    })
    .replace(textOf, (_all, bits, memory, pointer, length) => {
      const bytes = bits === '8' ? length : `${length} * 2`;
      return `.decode(new Uint${bits}Array(${memory}.buffer, ${pointer}, (kamiLeft = kamiPaid(kamiLeft - ${bytes}), ${length})))`;
    });
  if (bounded === line && /\.slice\(|\.decode\(|\.subarray\(|new \w+Array\(/.test(line)) {
    throw new UnknownGlue(line.trim());
  }
  return bounded;
}

const stop = `
function kamiPaid(left) {
  if (left >= 0) return left;
  const error = new RangeError('a list is over its budget');
  error.name = ${JSON.stringify(liftErrorName)};
  throw error;
}
`;
