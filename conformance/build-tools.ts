import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildOnce } from '../bench/build-once.ts';
import { note } from '../bench/report/note.ts';
import { runTool } from '../bench/run-tool.ts';
import { builtDir, guestDist, kamiCommand, rootDir, toolsDir } from './places.ts';

/** What the tools of a folder ask to be permitted. */
const requests = {
  plain: '',
  asking: '\n[security]\nask = ["user", "model", "roots"]\n',
} as const;

/** A tool as `kami build` left it. */
export interface BuiltTool {
  /** With its tool.toml. */
  readonly folder: string;
  /** The tool.toml beside the component, which says its hash. */
  readonly manifest: string;
}

/** Builds every module of `tools/plain` and `tools/asking` that has changed, as an author would: `kami build`. */
export async function buildTools(): Promise<readonly BuiltTool[]> {
  const guest = scriptsIn(guestDist);
  const shared = readFileSync(path.join(toolsDir, 'samples.ts'));
  const built: BuiltTool[] = [];
  for (const kind of Object.keys(requests) as (keyof typeof requests)[]) {
    for (const file of filesIn(path.join(toolsDir, kind))) {
      const source = path.relative(rootDir, file);
      const manifest = manifestOf(path.basename(file, '.ts')) + requests[kind];
      const folder = path.join(builtDir, 'tools', path.basename(file, '.ts'));
      await buildOnce(folder, [...guest, shared, readFileSync(file), manifest], () =>
        build(folder, source, manifest),
      );
      built.push({ folder, manifest: readFileSync(path.join(folder, 'dist/tool.toml'), 'utf8') });
    }
  }
  return built;
}

/** A file's name gives its tool's id, and so the name that the suite knows the tool by: `-`, then `.`, then `_`. */
function manifestOf(name: string): string {
  return `[tool]\nid = "${name.replaceAll('-', '.')}"\nname = "${name}"\nversion = "1.0.0"\n`;
}

async function build(folder: string, source: string, manifest: string): Promise<void> {
  note(`Building ${source}`);
  mkdirSync(path.join(folder, 'src'));
  writeFileSync(path.join(folder, 'tool.toml'), manifest);
  const module = JSON.stringify(path.posix.join('../../../../..', source.replaceAll(path.sep, '/')));
  writeFileSync(
    path.join(folder, 'src/tool.ts'),
    `export * from ${module};\nexport { default } from ${module};\n`,
  );
  // `npm run check` reads the types of all modules at once.
  await runTool([process.execPath, kamiCommand, 'build', folder, '--no-type-check'], { cwd: folder });
}

/** All that runs of a built package; a type more or less changes no component. */
export function scriptsIn(folder: string): readonly Buffer[] {
  return filesIn(folder)
    .filter((file) => file.endsWith('.js'))
    .map((file) => readFileSync(file));
}

/** All files below a folder, in the order of their names. */
function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name))
    .sort();
}
