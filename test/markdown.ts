/** A fenced block of a document: ```language flags. */
export interface Block {
  readonly language: string;
  /** What follows the language, such as `test` or `file=src/tool.ts`. */
  readonly flags: ReadonlyMap<string, string>;
  readonly text: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  /** The last line that is not empty before the fence. */
  readonly before: string;
}

/** The fenced blocks of a Markdown document, in order. */
export function readBlocks(markdown: string): readonly Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  for (let index = 0; index < lines.length; index++) {
    const [, language, info] = /^```(\S*)(.*)$/.exec(lines[index] ?? '') ?? [];
    if (language === undefined || info === undefined) continue;
    const end = lines.indexOf('```', index + 1);
    if (end === -1) throw new Error(`The block that begins at line ${index + 1} has no end.`);
    blocks.push({
      language,
      flags: new Map(info.split(' ').filter(Boolean).map(readFlag)),
      text: `${lines.slice(index + 1, end).join('\n')}\n`,
      line: index + 1,
      before: lines.slice(0, index).findLast((line) => line.trim() !== '') ?? '',
    });
    index = end;
  }
  return blocks;
}

function readFlag(word: string): [string, string] {
  const [name = '', value = ''] = word.split('=', 2);
  return [name, value];
}

/** Everything outside of fenced blocks. */
function readProse(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, '');
}

/** The targets of all links in a document. */
export function readLinks(markdown: string): readonly string[] {
  return [...readProse(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** The anchors that a document's headings have on the usual hosts. */
export function readAnchors(markdown: string): ReadonlySet<string> {
  const headings = [...readProse(markdown).matchAll(/^#+ (.+)$/gm)];
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** The rows of all tables, each as its cells; without heads. */
export function readRows(markdown: string): readonly (readonly string[])[] {
  const rows = readProse(markdown)
    .split('\n')
    .map((line) => (line.startsWith('|') ? line.slice(1, line.lastIndexOf('|')).split('|') : undefined));
  return rows.flatMap((cells, index) =>
    cells === undefined || isRule(cells) || isRule(rows[index + 1]) ? [] : [cells.map((cell) => cell.trim())],
  );
}

function isRule(cells: readonly string[] | undefined): boolean {
  return cells?.every((cell) => /^[-: ]+$/.test(cell)) === true;
}
