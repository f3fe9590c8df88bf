import { createHash, randomBytes } from 'node:crypto';
import { constants, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KamiError } from '../errors/kami-error.ts';
import type { Sha256 } from '../model/ids.ts';
import { type AssetStore, createAssetStore } from './asset-store.ts';
import { fileErrorCode, toWriteError } from './file-errors.ts';
import type { ArtifactReference, InstalledTool } from './installed-tool.ts';
import { kamiFolder } from './kami-folder.ts';
import { stagingName } from './staging-name.ts';
import { type SweepReport, sweepArtifacts, sweepStaging } from './store-sweep.ts';
import { makeFolder, syncFolder } from './sync-folder.ts';

/** Components larger than this are not taken in. Bytes. */
export const maxArtifactBytes = 128 * 1024 * 1024;

/** Bytes that are safely on disk but not yet part of the store. */
export interface StagedArtifact extends ArtifactReference {
  readonly path: string;
}

/**
 * Files of installed components, each named by its SHA-256, so that tools with the same bytes share one.
 *
 * The write lock of the registry is the lock of the store: `commit` and `sweep` are called inside
 * `ToolRepository.transaction` only. A file is then in place before the entry that names it is committed, and
 * goes after the last such entry is gone. A crash in between leaves at most a file that no entry names, which
 * the next sweep removes.
 */
export interface ArtifactStore {
  /** The files that tools brought along. */
  readonly assets: AssetStore;
  /**
   * Writes bytes to the staging folder and to the disk; touches no artifact.
   * @throws KamiError `KAMI_DISK_FULL`, `KAMI_FILE_UNWRITABLE`
   */
  stage(bytes: Uint8Array): StagedArtifact;
  /** Removes a staged file that is not wanted; does nothing after `commit`. */
  discard(staged: StagedArtifact): void;
  /**
   * Moves a staged file into the store. An artifact that is there already stays when its bytes are intact
   * and is replaced when they are not.
   * @throws KamiError `KAMI_DISK_FULL`, `KAMI_FILE_UNWRITABLE`
   */
  commit(staged: StagedArtifact): void;
  /**
   * The bytes of an artifact, checked against its hash. `owner` is the tool it belongs to, for the message.
   * @throws KamiError `KAMI_STORE_DAMAGED` when the file is missing or has other bytes
   */
  read(sha256: Sha256, owner?: Pick<InstalledTool, 'id' | 'source'>): Promise<Uint8Array>;
  /** Where an artifact is, or would be. */
  path(sha256: Sha256): string;
  /** Removes every artifact that is not in `referenced`, and what dead processes left in staging. */
  sweep(referenced: ReadonlySet<Sha256>): SweepReport;
}

/** The artifact store of an open registry. Creates nothing until something is staged. */
export function createArtifactStore(registry: { readonly path: string }): ArtifactStore {
  const root = kamiFolder(registry.path);
  const artifacts = join(root, 'store', 'sha256');
  const staging = join(root, 'staging');

  function path(sha256: Sha256): string {
    return join(artifacts, sha256.slice(0, 2), `${sha256}.wasm`);
  }

  return {
    path,
    assets: createAssetStore({ store: join(root, 'store', 'assets'), staging }),

    stage(bytes: Uint8Array): StagedArtifact {
      const file = join(staging, stagingName(randomBytes(8).toString('hex')));
      try {
        mkdirSync(staging, { recursive: true, mode: 0o700 });
        // `flush` is fsync: once the entry is committed a power cut must not find an empty file.
        writeFileSync(file, bytes, { flag: 'wx', mode: 0o600, flush: true });
      } catch (error) {
        removeStaged(file);
        throw toWriteError(error, file);
      }
      return { sha256: hash(bytes), size: bytes.length, path: file };
    },

    discard: (staged) => removeStaged(staged.path),

    commit(staged: StagedArtifact): void {
      const target = path(staged.sha256);
      try {
        makeFolder(dirname(target));
        if (isIntact(target, staged)) rmSync(staged.path, { force: true });
        else renameSync(staged.path, target);
        syncFolder(dirname(target));
      } catch (error) {
        throw toWriteError(error, target);
      }
    },

    async read(sha256: Sha256, owner?: Pick<InstalledTool, 'id' | 'source'>): Promise<Uint8Array> {
      const file = path(sha256);
      const bytes = await readArtifact(file);
      if (bytes !== undefined && hash(bytes) === sha256) return bytes;
      const whose = owner === undefined ? 'an installed tool' : `the tool ${owner.id}`;
      const what = bytes === undefined ? 'is missing' : 'was changed after it was installed';
      throw new KamiError('KAMI_STORE_DAMAGED', {
        message: `The component of ${whose} ${what}: ${file}. It will not be run.`,
        fix: `Install the tool again: kami install ${owner?.source.path ?? '<the folder or file it came from>'}`,
        data: { path: file, sha256, ...(owner === undefined ? {} : { tool: owner.id }) },
      });
    },

    sweep: (referenced) => {
      const swept = sweepArtifacts(artifacts, referenced);
      return { removed: swept.removed, failed: [...swept.failed, ...sweepStaging(staging).failed] };
    },
  };
}

function removeStaged(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // The next sweep takes it; the error that led here is the one to tell.
  }
}

/** SHA-256 of bytes, as the store names them. */
export function hash(bytes: Uint8Array): Sha256 {
  return createHash('sha256').update(bytes).digest('hex') as Sha256;
}

function isIntact(file: string, expected: ArtifactReference): boolean {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  return (
    stats?.isFile() === true && stats.size === expected.size && hash(readFileSync(file)) === expected.sha256
  );
}

/** The content of a regular file of tolerable size; undefined when there is none. */
async function readArtifact(file: string): Promise<Uint8Array | undefined> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes(fileErrorCode(error) ?? '')) return undefined;
    throw new KamiError('KAMI_FILE_UNREADABLE', {
      message: `The component ${file} can't be read: the system reported ${fileErrorCode(error) ?? 'an error'}.`,
      fix: 'Give this user access to the data folder of KAMI.',
      cause: error,
      data: { path: file },
    });
  }
  try {
    const stats = await handle.stat();
    return stats.isFile() && stats.size <= maxArtifactBytes ? await handle.readFile() : undefined;
  } finally {
    await handle.close();
  }
}
