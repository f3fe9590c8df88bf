import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildResult, BuildStep } from 'kami-guest/build';
import type { ConfigValues } from '../config/config.ts';
import { KamiError } from '../errors/kami-error.ts';
import { loadManifest } from '../manifest/load-manifest.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';
import { renderManifest } from '../manifest/render-manifest.ts';
import type { ToolManifest } from '../manifest/tool-manifest.ts';
import type { Sha256 } from '../model/ids.ts';
import { hash } from '../registry/artifact-store.ts';
import { type AssetTree, assetsFolder, readAssetTree } from '../registry/asset-tree.ts';
import { createScratchRuntime } from '../runtime/tool-host.ts';
import { copyAssets } from './build-assets.ts';
import { loadToolchain } from './load-toolchain.ts';

export interface BuildPackageOptions {
  /** Absolute path of the folder with the author's tool.toml. */
  readonly projectDir: string;
  readonly config: ConfigValues;
  readonly typeCheck: boolean;
  readonly onStep: (step: BuildStep | 'describe') => void;
}

export interface BuiltPackage {
  /** As written to `dist/tool.toml`. */
  readonly manifest: ToolManifest;
  readonly outFile: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly engine: BuildResult['engine'];
  readonly inputs: BuildResult['inputs'];
  /** What was copied to `dist/assets`; null when the project has none. */
  readonly assets: BuiltAssets | null;
  /** Everything was up to date and nothing was written. */
  readonly unchanged: boolean;
  readonly typeChecked: string;
  readonly warnings: readonly string[];
}

interface BuiltAssets {
  readonly sha256: string;
  readonly files: number;
  /** Bytes. */
  readonly size: number;
}

const outDir = 'dist';
const manifestFile = 'tool.toml';
/** What the build was made of; `kami install` compares it with the sources. */
const recordFile = 'build.json';

/**
 * Builds a project into an installable package: the component, a complete `dist/tool.toml` with what the component
 * says of itself, the assets, and a record of what went in.
 * @throws KamiError `KAMI_MANIFEST_…`, `KAMI_ASSETS_INVALID`, `KAMI_TOOLCHAIN_MISSING`, `KAMI_BUILD_FAILED`, `KAMI_COMPONENT_…`
 */
export async function buildPackage(options: BuildPackageOptions): Promise<BuiltPackage> {
  const { projectDir, onStep } = options;
  const source = await loadManifest(join(projectDir, manifestFile));
  const assets = readAssetTree(join(projectDir, assetsFolder));
  const wasm = `${source.id.slice(source.id.lastIndexOf('.') + 1)}.wasm`;
  const result = await buildComponent(options, source, join(outDir, wasm));

  const record = await recordOf(projectDir, result, assets);
  const dist = join(projectDir, outDir);
  const copied = await copyAssets(assets, dist);
  const known = await readBuilt(dist, record, result.sha256);
  const built = (manifest: ToolManifest, unchanged: boolean): BuiltPackage => ({
    manifest,
    unchanged: unchanged && result.unchanged && !copied,
    outFile: result.outFile,
    sha256: result.sha256,
    size: result.size,
    engine: result.engine,
    inputs: result.inputs,
    assets: summaryOf(assets),
    typeChecked: result.typeChecked,
    warnings: result.warnings.map(({ file, line, message }) => `${file}:${line}: ${message}`),
  });
  if (known !== undefined) return built(known, true);

  onStep('describe');
  const manifest = await completeManifest(source, wasm, result, options.config);
  const text = renderManifest(manifest);
  // What is written is read once more: a tool's own schemas may be too large for a manifest.
  parseManifest(text, join(dist, manifestFile));
  await mkdir(dist, { recursive: true });
  await writeWhole(join(dist, manifestFile), text);
  await writeWhole(join(dist, recordFile), record);
  return built(manifest, false);
}

async function buildComponent(
  { projectDir, typeCheck, onStep }: BuildPackageOptions,
  { id, name, version, build }: ToolManifest,
  outFile: string,
): Promise<BuildResult> {
  const toolchain = await loadToolchain(projectDir);
  try {
    return await toolchain.buildComponent({
      projectDir,
      entry: build.entry,
      identity: { id, name, version },
      outFile,
      typeCheck,
      onProgress: onStep,
    });
  } catch (error) {
    if (!(error instanceof toolchain.BuildError)) throw error;
    const places = error.diagnostics.map(toolchain.formatDiagnostic);
    throw new KamiError('KAMI_BUILD_FAILED', {
      message: [error.message, ...places].join('\n'),
      fix: error.fix,
      cause: error.cause,
      data: { reason: error.code, diagnostics: error.diagnostics },
    });
  }
}

/** The author's manifest, and what the component says of itself when it is asked in the sandbox. */
async function completeManifest(
  source: ToolManifest,
  wasm: string,
  result: BuildResult,
  config: ConfigValues,
): Promise<ToolManifest> {
  const runtime = createScratchRuntime(config);
  try {
    const key = result.sha256 as Sha256;
    const read = () => readFile(result.outFile);
    const said = await runtime.describe({ key, source: result.outFile, read });
    return {
      ...source,
      artifact: { ...source.artifact, wasm, sha256: key },
      description: said.description,
      arguments: [],
      inputSchema: said.inputSchema,
      outputSchema: said.outputSchema,
      annotations: said.annotations,
      component: {
        engine: result.engine.name,
        engineVersion: result.engine.version,
        size: result.size,
        sdk: said.sdk === undefined ? undefined : `${said.sdk.name} ${said.sdk.version}`,
      },
    };
  } finally {
    await runtime.close('stop');
  }
}

function summaryOf(assets: AssetTree | undefined): BuiltAssets | null {
  if (assets === undefined) return null;
  const { sha256, files, size } = assets;
  return { sha256, files: files.length, size };
}

async function recordOf(
  projectDir: string,
  { inputs, sha256 }: BuildResult,
  assets: AssetTree | undefined,
): Promise<string> {
  const manifest = { path: manifestFile, sha256: hash(await readFile(join(projectDir, manifestFile))) };
  const record = { component: sha256, assets: assets?.sha256, inputs: [manifest, ...inputs] };
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** The package as it was built before, if it was made of exactly this. */
async function readBuilt(dist: string, record: string, sha256: string): Promise<ToolManifest | undefined> {
  try {
    if ((await readFile(join(dist, recordFile), 'utf8')) !== record) return undefined;
    const manifest = await loadManifest(join(dist, manifestFile));
    return manifest.artifact.sha256 === sha256 ? manifest : undefined;
  } catch {
    return undefined;
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}
