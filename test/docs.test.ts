import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { catalogue, type ErrorCode } from '../packages/kami-host/src/errors/catalogue.ts';
import { manifestShapes } from '../packages/kami-host/src/manifest/manifest-shapes.ts';
import { offeredInterfaces } from '../packages/kami-host/src/model/contract.ts';
import { readAnchors, readBlocks, readLinks, readRows } from './markdown.ts';
import { root, WalkThrough } from './walk-through.ts';

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const markdownIn = (folder: string) =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join(folder, name));
const foldersIn = (folder: string) => readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`);

const exampleReadmes = foldersIn('examples').map((folder) => `${folder}/README.md`);
/** Documents whose commands are carried out, and the folder a reader is in. */
const guides = [
  ...['README.md', ...markdownIn('docs'), 'packages/kami-host/README.md'].map((file) => ({
    file,
    folder: '.',
  })),
  ...exampleReadmes.map((file) => ({ file, folder: path.posix.dirname(file) })),
];
const documents = [
  ...markdownIn('.'),
  ...markdownIn('docs'),
  ...exampleReadmes,
  ...foldersIn('packages').flatMap((folder) => markdownIn(folder)),
];

describe.each(guides)('$file', ({ file, folder }) => {
  const blocks = readBlocks(read(file));

  it('has a reason for every command that is not run here', () => {
    const unexplained = blocks.filter(
      ({ language, flags, before }) =>
        ['sh', 'bash', 'console'].includes(language) &&
        !flags.has('test') &&
        !/^<!-- not run: .+ -->$/.test(before),
    );
    expect(unexplained.map(({ line }) => `${file}:${line}`)).toEqual([]);
  });

  if (!blocks.some(({ flags }) => flags.has('test'))) return;

  // The blocks are for a POSIX shell.
  it.skipIf(process.platform === 'win32')('tells to run what works, and prints it', async () => {
    await using place = await WalkThrough.create();
    let output = '';
    for (const block of blocks) {
      const { language, flags, text, line } = block;
      const target = flags.get('file');
      if (target !== undefined) await place.writeFile(target, text);
      if (flags.has('test')) {
        const step = await place.run(block, folder);
        output = step.output;
        const expected = Number(flags.get('exit') ?? 0);
        expect(step, `${file}:${line}\n${output}`).toMatchObject({ exitCode: expected });
      }
      if (language === 'text' && flags.has('output')) expectLines(output, text, `${file}:${line}`);
    }
  });
});

/** Every line of `text` is a part of `output`, one after the other. */
function expectLines(output: string, text: string, where: string): void {
  let from = 0;
  for (const line of text.trimEnd().split('\n')) {
    const found = output.indexOf(line, from);
    expect(found, `${where} promises "${line}". Printed:\n${output}`).toBeGreaterThanOrEqual(0);
    from = found + line.length;
  }
}

describe('what is written twice is the same', () => {
  const source = 'examples/hello-world/src/tool.ts';

  it("the README's tool and the example", () => {
    const blocks = readBlocks(read('README.md'));
    expect(blocks.filter(({ language }) => language === 'ts').map(({ text }) => text)).toEqual([
      read(source),
    ]);
    expect(blocks.find(({ language }) => language === 'toml')?.text).toBe(
      read('examples/hello-world/tool.toml'),
    );
  });

  it('the errors and the catalogue', () => {
    const rows = readRows(read('docs/ERRORS.md')).filter(([code]) => code?.startsWith('`KAMI_'));
    const written = rows.map(([code = '', exit, when = '']) => ({
      code: code.slice(1, -1),
      exit: Number(exit),
      kind: when.startsWith('*system*') ? 'system' : 'user',
    }));
    const codes = Object.keys(catalogue) as ErrorCode[];
    const sorted = (list: readonly { code: string }[]) => list.toSorted((a, b) => (a.code < b.code ? -1 : 1));
    expect(sorted(written)).toEqual(sorted(codes.map((code) => ({ code, ...catalogue[code] }))));
    expect(rows.filter((cells) => cells.length !== 4 || cells.includes(''))).toEqual([]);
  });

  it('the keys of tool.toml and those that are read', () => {
    const keys = Object.entries(manifestShapes).flatMap(([table, names]) =>
      table === '' ? [] : names.map((name) => `${table}.${name}`),
    );
    const written = firstCells('docs/AUTHORS.md').filter((cell) =>
      /^(tool|mcp|security|build|component)\./.test(cell),
    );
    expect(written.toSorted()).toEqual(keys.toSorted());
  });

  it('the interfaces and those that are offered', () => {
    const written = firstCells('docs/SANDBOX.md').filter((cell) => /^[a-z]+:[a-z-]+\/[a-z-]+$/.test(cell));
    expect(written).toEqual([...offeredInterfaces]);
  });

  it('the reasons of a failure and those that there are', () => {
    const [, union = ''] =
      /export type FailureReason =([\s\S]*?);\n\n/.exec(
        read('packages/kami-host/src/model/call-result.ts'),
      ) ?? [];
    const reasons = [...union.matchAll(/\| '([a-z-]+)'/g)].map(([, reason]) => reason);
    expect(reasons.length).toBeGreaterThan(5);
    const [, table = ''] = read('docs/SANDBOX.md').split('## How a call can end');
    const written = readRows(table).map(([cell = '']) => cell.replaceAll('`', ''));
    expect(written).toEqual(reasons);
  });

  it('the settings and what kami config says', async () => {
    const { settings } = JSON.parse(await kami('config', '--json')) as { settings: readonly Setting[] };
    const [, table = ''] =
      /<!-- settings: .*?-->\n\n([\s\S]*?)\n\n<!-- end of settings -->/.exec(read('docs/OPERATORS.md')) ?? [];
    const head = ['| setting | default | variable | flag | what it does |', '|---|---|---|---|---|'];
    expect(table).toBe([...head, ...settings.map(settingRow)].join('\n'));
  });

  it('the keys of a profile and what kami config says', async () => {
    const { profileKeys } = JSON.parse(await kami('config', '--json')) as {
      profileKeys: Readonly<Record<string, string>>;
    };
    const [, table = ''] =
      /<!-- profile keys: .*?-->\n\n([\s\S]*?)\n\n<!-- end of profile keys -->/.exec(
        read('docs/OPERATORS.md'),
      ) ?? [];
    const rows = Object.entries(profileKeys).map(([key, description]) => `| \`${key}\` | ${description} |`);
    expect(table).toBe(['| key | what it does |', '|---|---|', ...rows].join('\n'));
  });

  it('the commands and flags, and those of kami --help', async () => {
    const rows = readRows(read('docs/OPERATORS.md')).filter(([cell]) => cell?.startsWith('`kami '));
    const words = (text: string) => new Set(text.match(/--[a-z][a-z-]*/g) ?? []);
    const help = await kami('--help');
    const commands = [...help.matchAll(/^ {2}(kami \S+(?: [[<][a-z.]+[\]>])*) /gm)].map(
      ([, usage]) => usage ?? '',
    );
    expect(rows.map(([cell = '']) => cell.replaceAll('`', ''))).toEqual(commands);
    const global = words(help.slice(help.indexOf('Global:')));
    const [, prose = ''] = /\nAll take ([\s\S]*?)\n\n/.exec(read('docs/OPERATORS.md')) ?? [];
    expect(words(prose)).toEqual(global);
    for (const [index, usage] of commands.entries()) {
      const own = await kami(usage.split(' ')[1] ?? '', '--help');
      const [options = ''] = own.slice(own.indexOf('Options:')).split('Examples:');
      const expected = own.includes('Options:') ? words(options) : new Set<string>();
      const [, cell = ''] = rows[index] ?? [];
      const written = new Set([...words(cell)].filter((flag) => !flag.startsWith('--no-')));
      expect({ usage, flags: written }).toEqual({ usage, flags: expected });
    }
  });
});

it('the schemas of AUTHORS.md are well typed and work', async () => {
  await using place = await WalkThrough.create();
  const files = readBlocks(read('docs/AUTHORS.md')).flatMap(({ flags, text }) => {
    const file = flags.get('file') ?? '';
    return file.startsWith('schemas/') || file.endsWith('tsconfig.json') ? [{ file, text }] : [];
  });
  const shell = (text: string) =>
    place.run({ language: 'sh', flags: new Map(), text, line: 0, before: '' }, 'schemas');
  for (const { file, text } of files) await place.writeFile(file.replace('my-tool/', 'schemas/'), text);
  expect(await shell('tsc --noEmit')).toMatchObject({ exitCode: 0, output: '' });
  const tools = files.filter(({ file }) => file.endsWith('.ts')).map(({ file }) => path.basename(file));
  expect(tools).toHaveLength(4);
  for (const name of tools) {
    const call = `import tool from './src/${name}'; console.log(await tool.call({ text: 'ab', times: 2 }));`;
    expect(await shell(`node --input-type=module -e "${call}"`)).toMatchObject({ output: 'abab\n' });
  }
});

it.each(documents)('the links of %s lead somewhere', (file) => {
  const dead = readLinks(read(file)).filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [target = '', anchor] = link.split('#', 2);
    const found = target === '' ? path.join(root, file) : path.join(root, path.dirname(file), target);
    if (!existsSync(found)) return true;
    if (anchor === undefined) return false;
    return statSync(found).isDirectory() || !readAnchors(readFileSync(found, 'utf8')).has(anchor);
  });
  expect(dead).toEqual([]);
});

interface Setting {
  readonly key: string;
  readonly value: string | number | undefined;
  readonly description: string;
  readonly environment: string;
  readonly flag: string | undefined;
}

/** Defaults that depend on the machine. */
const defaultWords = new Map([
  ['data_dir', "the platform's folder, see below"],
  ['runtime.max_computing', 'twice the processor cores, at least 4'],
  ['registry.database_path', '`registry.db` in `data_dir`'],
]);

function settingRow({ key, value, description, environment, flag }: Setting): string {
  const words = defaultWords.get(key) ?? (value === undefined ? 'unset' : `\`${value}\``);
  return `| \`${key}\` | ${words} | \`${environment}\` | ${flag === undefined ? '' : `\`${flag}\``} | ${description} |`;
}

function firstCells(file: string): readonly string[] {
  return readRows(read(file)).map(([cell = '']) => cell.replaceAll('`', ''));
}

/** Stdout of the command, with no configuration but the defaults. */
async function kami(...args: string[]): Promise<string> {
  const bin = path.join(root, 'packages/kami-host/bin/kami.js');
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAMI_')));
  const nowhere = path.join(root, 'test');
  const options = {
    cwd: nowhere,
    env: { ...env, XDG_CONFIG_HOME: nowhere, HOME: nowhere, APPDATA: nowhere },
  };
  return (await promisify(execFile)(process.execPath, [bin, ...args], options)).stdout;
}
