import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { KamiError } from '../errors/kami-error.ts';
import { isJsonObject, type Json } from '../model/json.ts';
import { quoteText } from '../model/text.ts';

interface BuildInput {
  /** Relative to the project folder. */
  readonly path: string;
  readonly sha256: string;
}

/**
 * Checks that the sources of a project are those that its build was made from, by the record that
 * `kami build` leaves. A build without a record came from elsewhere and is taken as it is.
 * @throws KamiError `KAMI_BUILD_STALE` naming a file that has changed
 */
export async function requireFreshBuild(project: string, recordPath: string): Promise<void> {
  const text = await readFile(recordPath, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const inputs = parseBuildRecord(text);
  if (inputs === undefined) throw stale(project, `its build record ${recordPath} can't be read`);
  for (const input of inputs) {
    const found = await hashFile(resolve(project, input.path));
    if (found === input.sha256) continue;
    const what = found === undefined ? 'is no longer there' : 'has changed since';
    throw stale(project, `${quoteText(input.path, 200)} ${what}`);
  }
}

function stale(project: string, why: string): KamiError {
  return new KamiError('KAMI_BUILD_STALE', {
    message: `The build of the tool in ${project} is out of date: ${why}.`,
    fix: `Build it again: kami build ${project}`,
    data: { path: project },
  });
}

function parseBuildRecord(text: string): readonly BuildInput[] | undefined {
  let record: Json;
  try {
    record = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  const inputs = isJsonObject(record) ? record.inputs : undefined;
  return Array.isArray(inputs) && inputs.every(isBuildInput) ? inputs : undefined;
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
