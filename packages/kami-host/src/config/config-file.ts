import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { KamiError } from '../errors/kami-error.ts';
import { decodeToml, maxTomlBytes } from '../model/toml/decode.ts';
import { parseToml } from '../model/toml/document.ts';
import type { ProblemList } from '../model/toml/problems.ts';
import { TableReader, type TableShapes } from '../model/toml/table-reader.ts';
import type { ConfigKey } from './config.ts';
import { configKeyNames, configKeys } from './config-keys.ts';
import { pathsOf, platformConfigFile, resolvePath, type Surroundings } from './locations.ts';
import { type Profile, profileShapes, readProfiles } from './profiles.ts';

export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  /** What made KAMI look there. */
  readonly namedBy: '--config' | 'KAMI_CONFIG' | 'place';
}

/**
 * The configuration file that holds: 1. `--config`, 2. `KAMI_CONFIG`, 3. the platform's folder, 4. kami.toml in
 * the working directory. The first two are taken as they are; of the others, the first that exists.
 */
export function findConfigFile(flag: string | undefined, surroundings: Surroundings): ConfigFile | undefined {
  const { cwd, env, platform } = surroundings;
  const named = (path: string, namedBy: '--config' | 'KAMI_CONFIG'): ConfigFile => ({
    path: resolvePath(path, cwd, surroundings),
    namedBy,
  });
  if (flag !== undefined) return named(flag, '--config');
  const variable = env.KAMI_CONFIG;
  if (variable !== undefined && variable !== '') return named(variable, 'KAMI_CONFIG');
  const places = [platformConfigFile(surroundings), pathsOf(platform).join(cwd, 'kami.toml')];
  const path = places.find((place) => existsSync(place));
  return path === undefined ? undefined : { path, namedBy: 'place' };
}

export interface FileSetting {
  readonly value: string | number;
  readonly line: number;
}

/** What a configuration file says. */
export interface FileContent {
  readonly settings: ReadonlyMap<ConfigKey, FileSetting>;
  readonly profiles: readonly Profile[];
}

/**
 * Reads a configuration file. What is wrong in it is added to `problems`.
 * @throws KamiError `KAMI_FILE_NOT_FOUND`, `KAMI_FILE_UNREADABLE`
 */
export function readConfigFile(file: ConfigFile, problems: ProblemList): FileContent {
  const settings = new Map<ConfigKey, FileSetting>();
  const { path } = file;
  const decoded = decodeToml(readBounded(file));
  const parsed = decoded.ok ? parseToml(decoded.text) : decoded;
  if (!parsed.ok) {
    const { line, message, fix } = parsed.problem;
    problems.add({ where: line === undefined ? path : `${path}:${line}`, line, key: '', message, fix });
    return { settings, profiles: [] };
  }
  const { document } = parsed;
  const root = new TableReader({ file: path, document, shapes: configShapes, problems });
  const tables = new Map<string, TableReader | undefined>([['', root]]);
  for (const name of configShapes[''] ?? []) {
    if (name in configShapes) tables.set(name, root.table(name));
  }
  for (const key of configKeyNames) {
    const steps = key.split('.');
    const table = tables.get(steps.slice(0, -1).join('.'));
    const value = table?.read<string | number>(steps.at(-1) ?? '', configKeys[key].check);
    if (value !== undefined) settings.set(key, { value, line: document.locate(steps).line });
  }
  return { settings, profiles: readProfiles(tables.get('profiles')) };
}

const configShapes: TableShapes = shapesOf(configKeyNames);

/** The tables of the file: as the dotted names of the keys say, and the profiles. */
function shapesOf(keys: readonly ConfigKey[]): TableShapes {
  const shapes: Record<string, string[]> = { '': [] };
  for (const key of keys) {
    const [table, name] = key.includes('.') ? key.split('.') : ['', key];
    if (table === undefined || name === undefined) continue;
    if (table !== '' && !shapes['']?.includes(table)) shapes['']?.push(table);
    shapes[table] ??= [];
    shapes[table].push(name);
  }
  shapes['']?.push('profiles');
  return { ...shapes, ...profileShapes };
}

function readBounded({ path, namedBy }: ConfigFile): Uint8Array {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const buffer = Buffer.alloc(maxTomlBytes + 1);
    let size = 0;
    while (size < buffer.length) {
      const count = readSync(file, buffer, size, buffer.length - size, null);
      if (count === 0) break;
      size += count;
    }
    return buffer.subarray(0, size);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const by = namedBy === 'place' ? '' : ` that ${namedBy} names`;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const why = code === 'EISDIR' ? 'it is a folder' : `the system says ${code}`;
    throw new KamiError(isMissing ? 'KAMI_FILE_NOT_FOUND' : 'KAMI_FILE_UNREADABLE', {
      message: isMissing
        ? `The configuration file${by} is not there: ${path}`
        : `The configuration file ${path}${by} can not be read: ${why}.`,
      fix:
        namedBy === 'place'
          ? `Make ${path} a readable file, or remove it.`
          : `Give ${namedBy} the path of a TOML file, or leave it out.`,
      cause: error,
    });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
