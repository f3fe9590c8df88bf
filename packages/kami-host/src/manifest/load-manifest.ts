import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { KamiError } from '../errors/kami-error.ts';
import { decodeToml, maxTomlBytes } from '../model/toml/decode.ts';
import { ProblemList } from '../model/toml/problems.ts';
import { parseManifest } from './parse-manifest.ts';
import type { ToolManifest } from './tool-manifest.ts';

/**
 * Reads and checks a tool.toml.
 *
 * @param path of the file itself, not of its folder
 * @throws KamiError `KAMI_MANIFEST_NOT_FOUND`, `KAMI_FILE_UNREADABLE`, or as `parseManifest`
 */
export async function loadManifest(path: string): Promise<ToolManifest> {
  const decoded = decodeToml(await readBounded(path));
  if (!decoded.ok) {
    const problems = new ProblemList();
    const { line } = decoded.problem;
    problems.add({ where: line === undefined ? path : `${path}:${line}`, key: '', ...decoded.problem });
    problems.throwIfAny('KAMI_MANIFEST_INVALID', path);
    throw new Error('A list with a problem in it throws');
  }
  return parseManifest(decoded.text, path);
}

async function readBounded(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a fifo would wait for its writer for ever.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = await file.stat();
    if (!stat.isFile())
      throw unreadable(path, stat.isDirectory() ? 'it is a folder' : 'it is not a regular file');
    const buffer = Buffer.alloc(maxTomlBytes + 1);
    let size = 0;
    while (size < buffer.length) {
      const { bytesRead } = await file.read(buffer, size, buffer.length - size, size);
      if (bytesRead === 0) break;
      size += bytesRead;
    }
    return buffer.subarray(0, size);
  } catch (error) {
    throw error instanceof KamiError ? error : classify(path, error);
  } finally {
    await file?.close();
  }
}

function classify(path: string, error: unknown): KamiError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new KamiError('KAMI_MANIFEST_NOT_FOUND', {
      message: `There is no file ${path}.`,
      fix: 'Give the path of a tool.toml, or of a folder that has one.',
      cause: error,
    });
  }
  return unreadable(
    path,
    code === 'EACCES' || code === 'EPERM' ? 'access is denied' : `the system says ${code}`,
    error,
  );
}

function unreadable(path: string, why: string, cause?: unknown): KamiError {
  return new KamiError('KAMI_FILE_UNREADABLE', {
    message: `${path} can not be read: ${why}.`,
    fix: `Name a readable tool.toml: ls -l ${path}`,
    cause,
  });
}
