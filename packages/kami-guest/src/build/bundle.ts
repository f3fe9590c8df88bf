import { dirname, join, resolve } from 'node:path';
import { type BuildFailure, type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import type { ToolIdentity } from '../context.ts';
import { bundleError, toDiagnostic } from './bundle-error.ts';
import type { Diagnostic } from './diagnostic.ts';
import { type Extra, entryModule, extrasOf, namesExtras } from './extras.ts';
import { bundleName, entryName } from './module-names.ts';
import { isOwnFile, projectPath } from './source-positions.ts';
import { ownDir, ownFile } from './toolchain.ts';

export interface Bundle {
  readonly code: string;
  /** Source map, JSON; its sources are relative to the folder of `file`. */
  readonly map: string;
  /** Where the bundle would lie: in the folder of the component. It is not written. */
  readonly file: string;
  /** The author's files that went in, relative to the project, sorted. */
  readonly inputs: readonly string[];
  readonly warnings: readonly Diagnostic[];
  /** Interfaces that the component needs beside those that all have. */
  readonly extras: readonly Extra[];
}

export interface BundleOptions {
  readonly projectDir: string;
  /** Relative to the project. */
  readonly entry: string;
  readonly identity: ToolIdentity;
  /** Where the component will be written. */
  readonly outFile: string;
}

/**
 * Bundles a tool and all it imports into one module that exports the interface `kami:tool/tool`, and those that the
 * author's code asks for.
 * @throws BuildError `bundle`, `node-builtin`, `not-a-tool`
 */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  const { projectDir, entry } = options;
  try {
    const plain = await bundleWith(options, []);
    const naming = await namesExtras(projectDir, plain.inputs);
    const exported = naming.lists ? await exportedNames(projectDir, entry) : [];
    const extras = extrasOf(naming, exported);
    return extras.length === 0 ? plain : await bundleWith(options, extras);
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    throw bundleError(options, error);
  }
}

async function bundleWith(
  { projectDir, entry, identity, outFile }: BundleOptions,
  extras: readonly Extra[],
): Promise<Bundle> {
  const file = join(dirname(outFile), bundleName);
  const { id, name, version } = identity;
  const contents = entryModule(entry, JSON.stringify({ id, name, version }), extras);
  const { outputFiles, metafile, warnings } = await build({
    ...settings,
    absWorkingDir: projectDir,
    stdin: { contents, resolveDir: projectDir, sourcefile: entryName },
    outfile: file,
    sourcemap: 'external',
    sourcesContent: false,
  });
  const text = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
  return {
    code: withoutForeignPaths(text('.js'), metafile),
    map: text('.map'),
    file,
    inputs: ownInputs(projectDir, metafile),
    warnings: warnings.map((warning) => toDiagnostic(projectDir, warning, 'warning')),
    extras,
  };
}

/** What the author's module exports. */
async function exportedNames(projectDir: string, entry: string): Promise<readonly string[]> {
  const { metafile } = await build({
    ...settings,
    absWorkingDir: projectDir,
    entryPoints: [entry],
    outdir: '.',
  });
  return Object.values(metafile.outputs).flatMap((output) => output.exports);
}

/** Whatever copy of kami-guest the project has: entry and tool must share the one that builds. */
const ownPackage: Plugin = {
  name: 'kami-guest',
  setup({ onResolve }) {
    onResolve({ filter: /^kami-guest$/ }, () => ({ path: ownFile('../index') }));
    onResolve({ filter: /^kami-guest\/component$/ }, () => ({ path: ownFile('../component/index') }));
    onResolve({ filter: /^kami-guest\/component\/(client|offer|prompts|resources)$/ }, ({ path }) => ({
      path: ownFile(path.replace('kami-guest', '..')),
    }));
  },
};

const settings = {
  bundle: true,
  write: false,
  metafile: true,
  format: 'esm',
  target: 'es2024',
  // The engine has web APIs and nothing of Node: what a package offers browsers suits it best.
  platform: 'browser',
  define: { 'process.env.NODE_ENV': '"production"' },
  external: ['kami:*'],
  plugins: [ownPackage],
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'silent',
} as const satisfies BuildOptions;

/** esbuild names each file in a comment; those outside the project would tell where its author keeps things. */
function withoutForeignPaths(code: string, { inputs }: Metafile): string {
  const foreign = new Set(
    Object.keys(inputs)
      .filter((path) => /^(\.\.|\/|[A-Za-z]:)/.test(path))
      .map((path) => `// ${path}`),
  );
  return code
    .split('\n')
    .map((line) => (foreign.has(line) ? '//' : line))
    .join('\n');
}

function ownInputs(projectDir: string, { inputs }: Metafile): readonly string[] {
  return Object.keys(inputs)
    .filter((path) => path !== entryName && !path.includes(':') && isOwnFile(path))
    .map((path) => resolve(projectDir, path))
    .filter((path) => !path.startsWith(ownDir))
    .map((path) => projectPath(projectDir, path))
    .sort();
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}
