import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isSha256, type Sha256 } from '../model/ids.ts';
import { fileErrorCode, toWriteError } from './file-errors.ts';

/**
 * A file of an artifact: the component itself, or what makes it out of another one that is there whole. Tools that
 * were built with one engine have nearly all of their bytes in common.
 */
export type ArtifactFile =
  | { readonly kind: 'whole'; readonly sha256: Sha256 }
  | { readonly kind: 'delta'; readonly sha256: Sha256; readonly base: Sha256 };

const deltaName = /^([0-9a-f]{64})-([0-9a-f]{64})\.delta$/;
const wholeEnding = '.wasm';

/** Where a file of an artifact is, or would be. */
export function artifactPath(folder: string, file: ArtifactFile): string {
  const { sha256 } = file;
  const name = file.kind === 'whole' ? `${sha256}${wholeEnding}` : `${sha256}-${file.base}.delta`;
  return join(folder, sha256.slice(0, 2), name);
}

/** All files in the folder that are named like one of an artifact. */
export function listArtifactFiles(folder: string): readonly ArtifactFile[] {
  return namesIn(folder).flatMap((shard) =>
    namesIn(join(folder, shard)).flatMap((name) => readName(name) ?? []),
  );
}

/** The files of one artifact, the whole one first; usually it has one. */
export function filesOfArtifact(folder: string, sha256: Sha256): readonly ArtifactFile[] {
  return namesIn(join(folder, sha256.slice(0, 2)))
    .flatMap((name) => readName(name) ?? [])
    .filter((file) => file.sha256 === sha256)
    .toSorted((one, two) => Number(one.kind === 'delta') - Number(two.kind === 'delta'));
}

/** The whole artifacts, those first that most others are made of. */
export function likelyBases(files: readonly ArtifactFile[]): readonly Sha256[] {
  const users = new Map<Sha256, number>();
  for (const file of files) {
    if (file.kind === 'delta') users.set(file.base, (users.get(file.base) ?? 0) + 1);
  }
  return files
    .filter(({ kind }) => kind === 'whole')
    .map(({ sha256 }) => sha256)
    .toSorted((one, two) => (users.get(two) ?? 0) - (users.get(one) ?? 0));
}

/** Those that are not needed for the artifacts that something refers to. */
export function unneededFiles(
  files: readonly ArtifactFile[],
  referenced: ReadonlySet<Sha256>,
): readonly ArtifactFile[] {
  const bases = new Set(
    files.flatMap((file) => (file.kind === 'delta' && referenced.has(file.sha256) ? [file.base] : [])),
  );
  return files.filter(
    ({ kind, sha256 }) => !referenced.has(sha256) && !(kind === 'whole' && bases.has(sha256)),
  );
}

function readName(name: string): ArtifactFile | undefined {
  const [, sha256, base] = deltaName.exec(name) ?? [];
  if (sha256 !== undefined && base !== undefined && isSha256(sha256) && isSha256(base)) {
    return { kind: 'delta', sha256, base };
  }
  const whole = name.slice(0, -wholeEnding.length);
  return name.endsWith(wholeEnding) && isSha256(whole) ? { kind: 'whole', sha256: whole } : undefined;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(fileErrorCode(error) ?? '')) return [];
    throw toWriteError(error, folder);
  }
}
