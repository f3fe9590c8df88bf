import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Sha256 } from '../model/ids.ts';
import { artifactPath, listArtifactFiles, unneededFiles } from './artifact-files.ts';
import { fileErrorCode, toWriteError } from './file-errors.ts';
import { isAside, type RemovalFailure, tryMoveAside } from './remove-aside.ts';
import { isAbandoned } from './staging-name.ts';

export interface SweepReport {
  /** Artifacts that are gone now, or only there because others are made from them. */
  readonly removed: readonly Sha256[];
  /** What could not be removed this time; the next sweep tries again. */
  readonly failed: readonly RemovalFailure[];
}

/** No installation takes this long from staging to commit. */
const staleAfterMs = 60 * 60 * 1000;

/**
 * Removes the artifacts in `folder` that nothing refers to, and of which no other is made. Files not named like an
 * artifact are left alone.
 */
export function sweepArtifacts(folder: string, referenced: ReadonlySet<Sha256>): SweepReport {
  const files = listArtifactFiles(folder);
  const unused = files.filter(({ sha256 }) => !referenced.has(sha256));
  const failed = unneededFiles(files, referenced).flatMap((file): RemovalFailure[] => {
    const path = artifactPath(folder, file);
    const code = remove(path);
    return code === undefined ? [] : [{ path, code }];
  });
  const stuck = new Set(failed.map(({ path }) => path));
  const removed = unused.filter((file) => !stuck.has(artifactPath(folder, file)));
  return { removed: [...new Set(removed.map(({ sha256 }) => sha256))], failed };
}

/**
 * Removes staged files that are an hour old or whose process is gone. Such folders are moved aside only, because this
 * is done under the write lock: `removeAside` does the rest.
 */
export function sweepStaging(folder: string): SweepReport {
  const failed: RemovalFailure[] = [];
  for (const name of namesIn(folder)) {
    if (isAside(name)) continue;
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    if (!isAbandoned(name) && Date.now() - stats.mtimeMs < staleAfterMs) continue;
    const code = stats.isDirectory() ? tryMoveAside(path) : remove(path);
    if (code !== undefined) failed.push({ path, code });
  }
  return { removed: [], failed };
}

/** Moves what is unwanted in a folder aside; that the folder can't be listed is a failure like others. */
export function sweepFolder(
  folder: string,
  isUnwanted: (name: string) => boolean,
): readonly RemovalFailure[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    const code = fileErrorCode(error) ?? 'UNKNOWN';
    return code === 'ENOENT' ? [] : [{ path: folder, code }];
  }
  return names.filter(isUnwanted).flatMap((name) => {
    const path = join(folder, name);
    const code = tryMoveAside(path);
    return code === undefined ? [] : [{ path, code }];
  });
}

function remove(path: string): string | undefined {
  try {
    rmSync(path, { force: true });
    return undefined;
  } catch (error) {
    return fileErrorCode(error) ?? 'UNKNOWN';
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(fileErrorCode(error) ?? '')) return [];
    throw toWriteError(error, folder);
  }
}
