import { accessSync, constants, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ConfigValues } from '../config/config.ts';
import { kamiFolder } from '../registry/kami-folder.ts';
import { readSecretFile } from '../registry/secret-file.ts';
import { type Finding, findingOf, ok, problem, warning } from './finding.ts';

/** The folders that KAMI writes to, and the file of secrets. */
export function checkFolders({
  dataDir,
  registry,
}: Pick<ConfigValues, 'dataDir' | 'registry'>): readonly Finding[] {
  const folders = new Set([dataDir, dirname(registry.databasePath), kamiFolder(registry.databasePath)]);
  const found = [...folders].flatMap((folder) => checkFolder(folder, folder === dataDir));
  return [...found, ...checkSecrets(join(kamiFolder(registry.databasePath), 'secrets.json'))];
}

function checkFolder(folder: string, isNamed: boolean): readonly Finding[] {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) {
    const parent = existingParent(folder);
    if (!isWritable(parent)) return [notWritable(folder, `${parent} can't be written to`)];
    return isNamed
      ? [ok(`The data folder ${folder} is not there yet. KAMI makes it when it first needs it.`)]
      : [];
  }
  if (!stats.isDirectory()) return [notWritable(folder, 'it is no folder')];
  if (!isWritable(folder)) return [notWritable(folder, "this user can't write to it")];
  if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
    const mode = (stats.mode & 0o777).toString(8);
    return [warning(`Other users may look into ${folder} (mode ${mode}).`, `chmod 700 ${folder}`)];
  }
  return isNamed ? [ok(`The data folder ${folder} is private and can be written to.`)] : [];
}

function checkSecrets(file: string): readonly Finding[] {
  try {
    readSecretFile(file);
    return [];
  } catch (error) {
    return [findingOf(error)];
  }
}

function notWritable(folder: string, why: string): Finding {
  return problem(
    `KAMI can't keep anything in ${folder}: ${why}.`,
    'Give this user access to it, or choose another folder: --data-dir, KAMI_DATA_DIR, or data_dir in the configuration file.',
  );
}

function existingParent(folder: string): string {
  const parent = dirname(folder);
  return parent === folder || statSync(parent, { throwIfNoEntry: false }) !== undefined
    ? parent
    : existingParent(parent);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
