import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ToolIdentity } from '../context.ts';
import { BuildError } from './build-error.ts';
import { type Bundle, bundle } from './bundle.ts';
import { type ComponentRecord, createComponentCache, defaultCacheDir, sha256 } from './cache.ts';
import { componentize } from './componentize.ts';
import type { Diagnostic } from './diagnostic.ts';
import { initialiseError } from './initialise-error.ts';
import { createMapPosition } from './source-positions.ts';
import { findToolchain } from './toolchain.ts';
import { type TypeChecked, typeCheck } from './type-check.ts';
import { writeAtomic } from './write-atomic.ts';

/** `write` comes last, and not at all when the component was already there. */
export type BuildStep = 'bundle' | 'type-check' | 'componentize' | 'write';

export interface BuildOptions {
  /** The author's project: where imports are resolved from, and what reported paths are relative to. */
  readonly projectDir: string;
  /** The module whose default export is the tool, relative to the project, such as `src/tool.ts`. */
  readonly entry: string;
  /** Who the component will say it is. */
  readonly identity: ToolIdentity;
  /** Where the component goes; its source map goes beside it. Relative paths start at the project. */
  readonly outFile: string;
  /** Whether to check types with the project's own TypeScript. Default: true. */
  readonly typeCheck?: boolean;
  /** Where components are kept between builds. Default: `<nearest node_modules>/.cache/kami/components`. */
  readonly cacheDir?: string;
  /** How long the module's top-level code may take, ms. Default: 60 000. */
  readonly initialiseTimeoutMs?: number;
  /** Called when a step begins. */
  readonly onProgress?: (step: BuildStep) => void;
}

export interface BuildResult {
  /** Absolute. */
  readonly outFile: string;
  /** The source map from the component's stack traces (`tool.js:line:column`) to the author's files. Absolute. */
  readonly sourceMapFile: string;
  /** Of the component, hexadecimal. */
  readonly sha256: string;
  /** Of the component, bytes. */
  readonly size: number;
  /** The JavaScript engine inside; the version is that of componentize-js, which carries it. */
  readonly engine: { readonly name: 'starlingmonkey'; readonly version: string };
  /** The author's own files that went in, relative to the project, sorted. */
  readonly inputs: readonly { readonly path: string; readonly sha256: string }[];
  /** Nothing had to be componentized. */
  readonly fromCache: boolean;
  /** The file was there already, with exactly this content. */
  readonly unchanged: boolean;
  readonly warnings: readonly Diagnostic[];
  readonly typeChecked: TypeChecked;
}

/**
 * Builds a component of the world `kami:tool/kami-tool` from a tool's source. Does no work when nothing changed.
 * @throws BuildError for everything an author can mend
 */
export async function buildComponent(options: BuildOptions): Promise<BuildResult> {
  const projectDir = await realpath(options.projectDir).catch(() => resolve(options.projectDir));
  const outFile = resolve(projectDir, options.outFile);
  const { entry, identity, onProgress = () => {} } = options;
  if (!existsSync(join(projectDir, entry))) {
    throw new BuildError('no-entry', {
      message: `The entry file ${entry} does not exist in ${projectDir}.`,
      fix: `Create ${entry}, or name another entry: in tool.toml, entry under [build].`,
    });
  }
  const toolchain = findToolchain();
  const cacheDir = options.cacheDir ?? defaultCacheDir(projectDir);

  onProgress('bundle');
  const typesWanted = options.typeCheck ?? true;
  if (typesWanted) onProgress('type-check');
  // Both are awaited, so that no child process outlives the build; an error of the bundle says more.
  const [bundled, types] = await Promise.allSettled([
    bundle({ projectDir, entry, identity, outFile }),
    typesWanted ? typeCheck(projectDir, cacheDir) : ('skipped: turned off' as const),
  ]);
  if (bundled.status === 'rejected') throw bundled.reason;
  if (types.status === 'rejected') throw types.reason;

  const made = await makeComponent(bundled.value, {
    ...{ projectDir, entry, outFile, cacheDir, onProgress },
    fingerprint: toolchain.fingerprint,
    timeoutMs: options.initialiseTimeoutMs ?? 60_000,
  });
  return {
    outFile,
    sourceMapFile: await writeSourceMap(outFile, bundled.value),
    ...made,
    engine: { name: 'starlingmonkey', version: toolchain.engineVersion },
    inputs: await hashInputs(projectDir, bundled.value.inputs),
    warnings: bundled.value.warnings,
    typeChecked: types.value,
  };
}

interface MakeOptions {
  readonly projectDir: string;
  readonly entry: string;
  readonly outFile: string;
  readonly cacheDir: string;
  readonly fingerprint: string;
  readonly timeoutMs: number;
  readonly onProgress: (step: BuildStep) => void;
}

type Made = ComponentRecord & Pick<BuildResult, 'fromCache' | 'unchanged'>;

async function makeComponent(bundle: Bundle, options: MakeOptions): Promise<Made> {
  const { code, map, file } = bundle;
  const { projectDir, entry, outFile, onProgress, timeoutMs } = options;
  const cache = createComponentCache(options.cacheDir);
  // The tool's identity is part of the code.
  const key = sha256(JSON.stringify([options.fingerprint, code]));
  const known = await cache.find(key);
  if (known !== undefined) {
    const present = await readFile(outFile).catch(() => undefined);
    if (present !== undefined && sha256(present) === known.sha256) {
      return { ...known, fromCache: true, unchanged: true };
    }
    const component = await cache.read(key, known);
    if (component !== undefined) {
      onProgress('write');
      await writeAtomic(outFile, component);
      return { ...known, fromCache: true, unchanged: false };
    }
  }
  onProgress('componentize');
  const result = await componentize(bundle, timeoutMs);
  if (result.failure !== undefined) {
    const mapPosition = createMapPosition(projectDir, file, map);
    throw initialiseError({ projectDir, entry, mapPosition, timeoutMs }, result.failure);
  }
  onProgress('write');
  await writeAtomic(outFile, result.component);
  return { ...(await cache.store(key, result.component)), fromCache: false, unchanged: false };
}

/** Written even when the component is the same: a moved comment changes where its lines came from. */
async function writeSourceMap(outFile: string, { map }: Bundle): Promise<string> {
  const file = `${outFile}.map`;
  const present = await readFile(file, 'utf8').catch(() => undefined);
  if (present !== map) await writeAtomic(file, map);
  return file;
}

function hashInputs(projectDir: string, inputs: readonly string[]): Promise<BuildResult['inputs']> {
  return Promise.all(
    inputs.map(async (path) => ({ path, sha256: sha256(await readFile(join(projectDir, path))) })),
  );
}
