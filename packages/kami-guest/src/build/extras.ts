import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { wit } from '../generated/wit.ts';

/** An interface that a component imports or exports only if its author's code asks for it. */
export type Extra = 'client' | 'prompts' | 'resources';

const lists = ['prompts', 'resources'] as const;
/** What a handler reaches the client with: in `ctx.elicit(…)`, or taken out of the context by name. */
const clientWords = /\b(?:progress|elicit|sample|roots)\b/;
const listWords = /\b(?:prompts|resources)\b/;

/** Whether the author's code names anything that could make an extra necessary. */
export async function namesExtras(projectDir: string, inputs: readonly string[]): Promise<Naming> {
  const texts = await Promise.all(inputs.map((path) => readFile(join(projectDir, path), 'utf8')));
  return {
    client: texts.some((text) => clientWords.test(text)),
    lists: texts.some((text) => listWords.test(text)),
  };
}

export interface Naming {
  readonly client: boolean;
  readonly lists: boolean;
}

/** @param exported names that the author's module exports */
export function extrasOf({ client }: Naming, exported: readonly string[]): readonly Extra[] {
  return [...(client ? (['client'] as const) : []), ...lists.filter((name) => exported.includes(name))];
}

const importedExtras: ReadonlySet<Extra> = new Set(['client']);
const world = 'built-tool';

/** The WIT document with a world of exactly what a component needs. */
export function worldOf(extras: readonly Extra[]): { readonly wit: string; readonly world: string } {
  const lines = [
    '  import host;',
    '  export tool;',
    ...extras.map((extra) => `  ${importedExtras.has(extra) ? 'import' : 'export'} ${extra};`),
  ];
  return { wit: `${wit}\nworld ${world} {\n${lines.join('\n')}\n}\n`, world };
}

/** The generated module that joins the author's with kami-guest. The console must be in place before the author's runs. */
export function entryModule(entry: string, identity: string, extras: readonly Extra[]): string {
  const author = JSON.stringify(`./${entry.replaceAll('\\', '/')}`);
  const offered = lists.filter((name) => extras.includes(name));
  const capital = (name: string) => name.slice(0, 1).toUpperCase() + name.slice(1);
  return [
    `import { exportTool } from 'kami-guest/component';`,
    ...(extras.includes('client') ? [`import { client } from 'kami-guest/component/client';`] : []),
    ...(offered.length > 0 ? [`import { exportOffer } from 'kami-guest/component/offer';`] : []),
    ...offered.map((name) => `import { offer${capital(name)} } from 'kami-guest/component/${name}';`),
    `import author from ${author};`,
    ...offered.map((name) => `import { ${name} as given${capital(name)} } from ${author};`),
    ...offered.map((name) => `const offered${capital(name)} = offer${capital(name)}(given${capital(name)});`),
    `const made = exportTool(author, ${identity}, {`,
    ...(extras.includes('client') ? ['  client,'] : []),
    `  listed: [${offered.map((name) => `offered${capital(name)}.listed`).join(', ')}],`,
    '});',
    'export const { tool } = made;',
    ...offered.map((name) => `export const ${name} = exportOffer(offered${capital(name)}, made.asExport);`),
  ].join('\n');
}
