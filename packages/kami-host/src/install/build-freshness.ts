import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KamiError } from '../errors/kami-error.ts';
import { isJsonObject, type Json } from '../model/json.ts';
import { quoteText } from '../model/text.ts';
import { assetsFolder, readAssetTree } from '../registry/asset-tree.ts';

interface BuildRecord {
  readonly inputs: readonly BuildInput[];
  /** Hash of the tree of assets; undefined when there were none. */
  readonly assets: string | undefined;
}

interface BuildInput {
  /** Relative to the project folder. */
  readonly path: string;
  readonly sha256: string;
}

/**
 * Checks that the sources of a project are those that its build was made from, and its built assets those that were
 * copied, by the record that `kami build` leaves. A build without a record came from elsewhere and is taken as it is.
 * @throws KamiError `KAMI_BUILD_STALE` naming what has changed, `KAMI_ASSETS_INVALID`
 */
export async function requireFreshBuild(project: string, recordPath: string): Promise<void> {
  const text = await readFile(recordPath, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const record = parseBuildRecord(text);
  if (record === undefined) throw stale(project, `its build record ${recordPath} can't be read`);
  for (const input of record.inputs) {
    const found = await hashFile(resolve(project, input.path));
    if (found === input.sha256) continue;
    const what = found === undefined ? 'is no longer there' : 'has changed since';
    throw stale(project, `${quoteText(input.path, 200)} ${what}`);
  }
  for (const folder of [assetsFolder, join('dist', assetsFolder)]) {
    const tree = readAssetTree(join(project, folder));
    if (tree?.sha256 !== record.assets) throw stale(project, `the files in ${folder} have changed since`);
  }
}

function stale(project: string, why: string): KamiError {
  return new KamiError('KAMI_BUILD_STALE', {
    message: `The build of the tool in ${project} is out of date: ${why}.`,
    fix: `Build it again: kami build ${project}`,
    data: { path: project },
  });
}

function parseBuildRecord(text: string): BuildRecord | undefined {
  let record: Json;
  try {
    record = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  if (!isJsonObject(record)) return undefined;
  const { inputs, assets } = record;
  if (!Array.isArray(inputs) || !inputs.every(isBuildInput)) return undefined;
  if (assets !== undefined && typeof assets !== 'string') return undefined;
  return { inputs, assets };
}

function isBuildInput(value: Json): value is Json & BuildInput {
  return isJsonObject(value) && typeof value.path === 'string' && typeof value.sha256 === 'string';
}

/** SHA-256 of a regular file; undefined when there is none. */
async function hashFile(path: string): Promise<string | undefined> {
  // Not blocking, so that a fifo in the place of a source file does not hold the command up.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    if (!(await file.stat()).isFile()) return undefined;
    return createHash('sha256')
      .update(await file.readFile())
      .digest('hex');
  } finally {
    await file.close();
  }
}
