import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Licences that let us ship the code inside our own files. Anything else is a decision for a person. */
const accepted = new Set([
  '0BSD',
  'Apache-2.0',
  '(Apache-2.0 WITH LLVM-exception)',
  'Apache-2.0 WITH LLVM-exception',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
]);

/**
 * The text that names every package whose code is in the bundle, with its licence.
 *
 * @param inputs paths of the bundled files, as esbuild's metafile has them
 * @throws Error for a package with a licence that nobody has accepted yet
 */
export function renderLicences(inputs: Iterable<string>): string {
  const folders = new Set<string>();
  for (const input of inputs) {
    const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
    if (folder !== undefined) folders.add(folder);
  }
  const sections = [...folders].map(readLicence).sort((a, b) => a.title.localeCompare(b.title, 'en'));
  const unique = new Map(sections.map((section) => [section.title, section]));
  return [
    'The files in this folder contain code of the packages below, each under its own licence.\n',
    ...[...unique.values()].map(({ title, text }) => `${'-'.repeat(80)}\n${title}\n\n${text.trim()}\n`),
  ].join('\n');
}

function readLicence(folder: string): { title: string; text: string } {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const title = `${manifest.name} ${manifest.version} (${manifest.license})`;
  if (!accepted.has(manifest.license)) {
    throw new Error(
      `${title}: this licence is not in the list of scripts/licences.ts. Is it fit to be bundled?`,
    );
  }
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
  const texts = files.sort().map((name) => readFileSync(path.join(folder, name), 'utf8'));
  return { title, text: texts.join('\n\n') || 'The package carries no licence text beyond its name.' };
}
