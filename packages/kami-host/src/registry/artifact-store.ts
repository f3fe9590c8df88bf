import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { KamiError } from '../errors/kami-error.ts';
import type { Sha256 } from '../model/ids.ts';
import {
  type ArtifactFile,
  artifactPath,
  filesOfArtifact,
  likelyBases,
  listArtifactFiles,
} from './artifact-files.ts';
import { type AssetStore, createAssetStore } from './asset-store.ts';
import { applyDelta, MalformedDelta, makeDelta } from './delta.ts';
import { fileErrorCode, toWriteError } from './file-errors.ts';
import type { ArtifactReference, InstalledTool } from './installed-tool.ts';
import { kamiFolder } from './kami-folder.ts';
import { stagingName } from './staging-name.ts';
import { type SweepReport, sweepArtifacts, sweepStaging } from './store-sweep.ts';
import { makeFolder, syncFolder } from './sync-folder.ts';

/** Components larger than this are not taken in. Bytes. */
export const maxArtifactBytes = 128 * 1024 * 1024;

/** Smaller ones gain too little. */
const minBytesForDelta = 64 * 1024;
const maxBasesTried = 3;

/** Bytes that are safely on disk but not yet part of the store. */
export interface StagedArtifact extends ArtifactReference {
  readonly path: string;
  /** What is staged: the bytes themselves, or what makes them out of another artifact. */
  readonly file: ArtifactFile;
  readonly bytes: Uint8Array;
}

/**
 * Files of installed components, each named by its SHA-256, so that tools with the same bytes share one. One that is
 * much like another is stored as its difference to that; what is read is the component, checked against its hash.
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
  /** Where an artifact is, or would be: itself, or what it is made from. */
  path(sha256: Sha256): string;
  /** Removes every artifact that is not in `referenced`, and what dead processes left in staging. */
  sweep(referenced: ReadonlySet<Sha256>): SweepReport;
}

/** The artifact store of an open registry. Creates nothing until something is staged. */
export function createArtifactStore(registry: { readonly path: string }): ArtifactStore {
  const root = kamiFolder(registry.path);
  const artifacts = join(root, 'store', 'sha256');
  const staging = join(root, 'staging');

  function fileOf(sha256: Sha256): ArtifactFile {
    return filesOfArtifact(artifacts, sha256)[0] ?? { kind: 'whole', sha256 };
  }

  /** The bytes that a file stands for, if they are what they should be. */
  function readFile(file: ArtifactFile): Uint8Array | undefined {
    const bytes = readRegularFile(artifactPath(artifacts, file));
    if (file.kind === 'whole' || bytes === undefined) return verified(bytes, file.sha256);
    const base = readFile({ kind: 'whole', sha256: file.base });
    return base && verified(expandDelta(base, bytes), file.sha256);
  }

  /** In which file an artifact is to be stored: of an artifact that others are made of, the whole. */
  function toStore(
    sha256: Sha256,
    bytes: Uint8Array,
  ): { readonly file: ArtifactFile; readonly content: Uint8Array } {
    const whole = { file: { kind: 'whole', sha256 }, content: bytes } as const;
    if (bytes.length < minBytesForDelta) return whole;
    const files = listArtifactFiles(artifacts);
    if (files.some((file) => (file.kind === 'delta' ? file.base === sha256 : file.sha256 === sha256)))
      return whole;
    for (const base of likelyBases(files).slice(0, maxBasesTried)) {
      const content = readFile({ kind: 'whole', sha256: base });
      const delta = content && makeDelta(content, bytes);
      // What can't be had back is not worth how small it is: a tool would be lost.
      const isExact = delta && content && verified(expandDelta(content, delta), sha256) !== undefined;
      if (isExact === true && delta.length < bytes.length / 2) {
        return { file: { kind: 'delta', sha256, base }, content: delta };
      }
    }
    return whole;
  }

  return {
    path: (sha256) => artifactPath(artifacts, fileOf(sha256)),
    assets: createAssetStore({ store: join(root, 'store', 'assets'), staging }),

    stage(bytes: Uint8Array): StagedArtifact {
      const path = join(staging, stagingName(randomBytes(8).toString('hex')));
      const sha256 = hash(bytes);
      const { file, content } = toStore(sha256, bytes);
      try {
        mkdirSync(staging, { recursive: true, mode: 0o700 });
        // `flush` is fsync: once the entry is committed a power cut must not find an empty file.
        writeFileSync(path, content, { flag: 'wx', mode: 0o600, flush: true });
      } catch (error) {
        removeStaged(path);
        throw toWriteError(error, path);
      }
      return { sha256, size: bytes.length, path, file, bytes };
    },

    discard: (staged) => removeStaged(staged.path),

    commit(staged: StagedArtifact): void {
      const { sha256 } = staged;
      const present = filesOfArtifact(artifacts, sha256);
      const intact = present.find((file) => readFile(file) !== undefined);
      // Another process may have removed what it would be made from.
      const isComplete =
        staged.file.kind === 'whole' || readFile({ kind: 'whole', sha256: staged.file.base }) !== undefined;
      const file: ArtifactFile = isComplete ? staged.file : { kind: 'whole', sha256 };
      const target = artifactPath(artifacts, intact ?? file);
      try {
        makeFolder(dirname(target));
        if (intact !== undefined) rmSync(staged.path, { force: true });
        else {
          if (!isComplete) writeFileSync(staged.path, staged.bytes, { mode: 0o600, flush: true });
          renameSync(staged.path, target);
          for (const damaged of present) {
            const path = artifactPath(artifacts, damaged);
            if (damaged.kind === 'delta' && path !== target) rmSync(path, { force: true });
          }
        }
        syncFolder(dirname(target));
      } catch (error) {
        throw toWriteError(error, target);
      }
    },

    async read(sha256: Sha256, owner?: Pick<InstalledTool, 'id' | 'source'>): Promise<Uint8Array> {
      const files = filesOfArtifact(artifacts, sha256);
      for (const file of files) {
        const bytes = readFile(file);
        if (bytes !== undefined) return bytes;
      }
      const whose = owner === undefined ? 'an installed tool' : `the tool ${owner.id}`;
      const what = files.length === 0 ? 'is missing' : 'was changed after it was installed';
      const path = artifactPath(artifacts, fileOf(sha256));
      throw new KamiError('KAMI_STORE_DAMAGED', {
        message: `The component of ${whose} ${what}: ${path}. It will not be run.`,
        fix: `Install the tool again: kami install ${owner?.source.path ?? '<the folder or file it came from>'}`,
        data: { path, sha256, ...(owner === undefined ? {} : { tool: owner.id }) },
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

function verified(bytes: Uint8Array | undefined, sha256: Sha256): Uint8Array | undefined {
  return bytes !== undefined && hash(bytes) === sha256 ? bytes : undefined;
}

function expandDelta(base: Uint8Array, delta: Uint8Array): Uint8Array | undefined {
  try {
    return applyDelta(base, delta, maxArtifactBytes);
  } catch (error) {
    if (error instanceof MalformedDelta) return undefined;
    throw error;
  }
}

const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** The content of a regular file of tolerable size; undefined when there is none. */
function readRegularFile(path: string): Uint8Array | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, readFlags);
  } catch (error) {
    return undefinedIfMissing(error, path);
  }
  try {
    return isTolerable(fstatSync(descriptor)) ? readFileSync(descriptor) : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function isTolerable(stats: Stats): boolean {
  return stats.isFile() && stats.size <= maxArtifactBytes;
}

function undefinedIfMissing(error: unknown, path: string): undefined {
  const code = fileErrorCode(error) ?? 'an error';
  if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes(code)) return undefined;
  throw new KamiError('KAMI_FILE_UNREADABLE', {
    message: `The component ${path} can't be read: the system reported ${code}.`,
    fix: 'Give this user access to the data folder of KAMI.',
    cause: error,
    data: { path },
  });
}
