import { constants, realpathSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { KamiError } from '../errors/kami-error.ts';
import { hash, maxArtifactBytes } from '../registry/artifact-store.ts';
import type { InstallSource, PackageSource } from './install-source.ts';

/**
 * Reads the component of a source once, so that the bytes that are checked are the bytes that are installed.
 *
 * @throws KamiError `KAMI_FILE_NOT_FOUND`, `KAMI_FILE_UNREADABLE`, `KAMI_COMPONENT_TOO_LARGE`,
 * `KAMI_COMPONENT_HASH_MISMATCH` (not the bytes the manifest names), `KAMI_MANIFEST_INVALID` (a link that leads
 * out of the package)
 */
export async function readComponent(source: InstallSource): Promise<Uint8Array> {
  if (source.kind === 'component') return readBounded(source.path);
  const bytes = await readBounded(source.wasmPath);
  requireInside(source);
  const expected = source.manifest.artifact.sha256;
  const found = hash(bytes);
  if (expected === undefined || expected === found) return bytes;
  throw new KamiError('KAMI_COMPONENT_HASH_MISMATCH', {
    message: `${source.wasmPath} is not the component that ${source.manifestPath} was written for: its SHA-256 is ${found}, the manifest says ${expected}.`,
    fix:
      source.project === undefined
        ? 'Get the package again from where it came from. If you changed the component yourself, write its new hash to wasm_sha256.'
        : `Build the tool again: kami build ${source.project}`,
    data: { path: source.wasmPath, expected, found },
  });
}

async function readBounded(path: string): Promise<Uint8Array> {
  // Not blocking: opening a fifo would wait for a writer for ever.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new KamiError(missing ? 'KAMI_FILE_NOT_FOUND' : 'KAMI_FILE_UNREADABLE', {
      message: missing ? `The component ${path} does not exist.` : `The component ${path} can't be read.`,
      fix: missing ? 'Check the path, or get the package again.' : 'Give this user access to the file.',
      cause: error,
      data: { path },
    });
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) {
      throw new KamiError('KAMI_FILE_UNREADABLE', {
        message: `The component ${path} is not a regular file.`,
        fix: 'Name a .wasm file.',
        data: { path },
      });
    }
    if (stats.size > maxArtifactBytes) throw tooLarge(path, stats.size);
    const bytes = await file.readFile();
    if (bytes.length > maxArtifactBytes) throw tooLarge(path, bytes.length);
    return bytes;
  } finally {
    await file.close();
  }
}

function tooLarge(path: string, size: number): KamiError {
  return new KamiError('KAMI_COMPONENT_TOO_LARGE', {
    message: `The component ${path} has ${size} bytes, more than the ${maxArtifactBytes} that KAMI takes in.`,
    fix: 'Leave out large data and unused dependencies, and build the tool again.',
    data: { path, size, limit: maxArtifactBytes },
  });
}

/** The manifest's path has no `..`, but a link in a package may still lead to any file of this machine. */
function requireInside(source: PackageSource): void {
  const folder = realpathSync(dirname(source.manifestPath));
  if (realpathSync(source.wasmPath).startsWith(folder.endsWith(sep) ? folder : folder + sep)) return;
  throw new KamiError('KAMI_MANIFEST_INVALID', {
    message: `${source.manifestPath} names the component ${source.wasmPath}, which is a link that leads out of the package.`,
    fix: 'Put the component itself into the folder of the tool.toml.',
    data: { path: source.manifestPath },
  });
}
