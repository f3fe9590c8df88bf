import { type Stats, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { KamiError } from '../errors/kami-error.ts';
import { loadManifest } from '../manifest/load-manifest.ts';
import type { ToolManifest } from '../manifest/tool-manifest.ts';
import { quoteText } from '../model/text.ts';
import { requireFreshBuild } from './build-freshness.ts';

/** A tool.toml and the component that it names. */
export interface PackageSource {
  readonly kind: 'directory' | 'manifest';
  /** What was named to install from, absolute. */
  readonly path: string;
  readonly manifest: ToolManifest;
  readonly manifestPath: string;
  readonly wasmPath: string;
  /** The project whose build this is; undefined for a package that came from elsewhere. */
  readonly project: string | undefined;
}

/** A component without a tool.toml. */
export interface ComponentSource {
  readonly kind: 'component';
  /** Absolute. */
  readonly path: string;
}

export type InstallSource = PackageSource | ComponentSource;

/**
 * Finds what there is to install at `path`: a project folder (its built package in `dist`), a package folder,
 * a tool.toml of either, or a component file. Reads manifests, not the component.
 *
 * @throws KamiError `KAMI_FILE_NOT_FOUND`, `KAMI_FILE_UNREADABLE`, `KAMI_INSTALL_SOURCE_UNKNOWN`,
 * `KAMI_MANIFEST_NOT_FOUND` (a folder that is no tool), `KAMI_MANIFEST_INVALID`, `KAMI_BUILD_MISSING`,
 * `KAMI_BUILD_STALE`, `KAMI_ASSETS_INVALID`
 */
export async function resolveSource(path: string): Promise<InstallSource> {
  const absolute = resolve(path);
  const stats = statIfThere(absolute);
  if (stats === undefined) throw nothingThere(path, absolute);
  if (stats.isDirectory()) return resolvePackage('directory', absolute, join(absolute, 'tool.toml'));
  if (stats.isFile() && extname(absolute) === '.wasm') return { kind: 'component', path: absolute };
  if (stats.isFile() && extname(absolute) === '.toml') return resolvePackage('manifest', absolute, absolute);
  throw new KamiError('KAMI_INSTALL_SOURCE_UNKNOWN', {
    message: `${absolute} is neither a tool folder, nor a tool.toml, nor a .wasm file.`,
    fix: 'Name one of these: kami install <directory | tool.toml | file.wasm>',
    data: { path: absolute },
  });
}

async function resolvePackage(
  kind: PackageSource['kind'],
  path: string,
  manifestPath: string,
): Promise<PackageSource> {
  const folder = dirname(manifestPath);
  if (!isFile(manifestPath)) throw notATool(folder);
  const manifest = await loadManifest(manifestPath);
  const named = manifest.artifact.wasm === undefined ? undefined : join(folder, manifest.artifact.wasm);

  // A hash says that this is a finished package. An author's tool.toml may name the component too, but only
  // its built twin knows the hash.
  const built = join(folder, 'dist', 'tool.toml');
  if (manifest.artifact.sha256 === undefined && isFile(built)) return resolveBuild(kind, path, folder, built);
  if (named !== undefined && (manifest.artifact.sha256 !== undefined || isFile(named))) {
    return { kind, path, manifest, manifestPath, wasmPath: named, project: undefined };
  }
  throw notBuilt(folder, 'it has no dist/tool.toml yet');
}

async function resolveBuild(
  kind: PackageSource['kind'],
  path: string,
  project: string,
  manifestPath: string,
): Promise<PackageSource> {
  const manifest = await loadManifest(manifestPath);
  const wasm = manifest.artifact.wasm;
  if (wasm === undefined) throw notBuilt(project, 'its dist/tool.toml names no component');
  const wasmPath = join(dirname(manifestPath), wasm);
  if (!isFile(wasmPath)) throw notBuilt(project, `dist/${wasm} is missing`);
  await requireFreshBuild(project, join(project, 'dist', 'build.json'));
  return { kind, path, manifest, manifestPath, wasmPath, project };
}

function notBuilt(project: string, why: string): KamiError {
  return new KamiError('KAMI_BUILD_MISSING', {
    message: `The tool in ${project} has not been built: ${why}.`,
    fix: `Build it first: kami build ${project}`,
    data: { path: project },
  });
}

function notATool(folder: string): KamiError {
  return new KamiError('KAMI_MANIFEST_NOT_FOUND', {
    message: `${folder} is not a tool folder: it has no tool.toml.`,
    fix: 'Name the folder that holds the tool.toml, or a component: kami install <directory | tool.toml | file.wasm>',
    data: { path: folder },
  });
}

function nothingThere(path: string, absolute: string): KamiError {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) {
    return new KamiError('KAMI_INSTALL_SOURCE_UNKNOWN', {
      message: `${quoteText(path, 200)} is an address, but this version of KAMI installs from files only.`,
      fix: 'Download the tool and name its folder: kami install <directory | tool.toml | file.wasm>',
    });
  }
  return new KamiError('KAMI_FILE_NOT_FOUND', {
    message: `There is nothing to install at ${absolute}: no such file or folder.`,
    fix: 'Check the path: kami install <directory | tool.toml | file.wasm>',
    data: { path: absolute },
  });
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new KamiError('KAMI_FILE_UNREADABLE', {
      message: `${path} can't be read.`,
      fix: 'Give this user access to it, or name another path.',
      cause: error,
      data: { path },
    });
  }
}

function isFile(path: string): boolean {
  return statIfThere(path)?.isFile() === true;
}
