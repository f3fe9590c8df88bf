import { quoteText } from '../model/text.ts';
import { describeFound } from '../model/toml/describe.ts';
import type { ProblemList } from '../model/toml/problems.ts';
import { nearest } from '../model/toml/suggest.ts';
import type { ConfigKey, ConfigSource, ConfigWarning } from './config.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';
import { configKeyNames, configKeys, environmentName, httpTokenVariable } from './config-keys.ts';
import { pathsOf, resolvePath, type Surroundings } from './locations.ts';
import type { Profile } from './profiles.ts';

export interface Setting {
  readonly value: string | number | undefined;
  readonly source: ConfigSource;
}

/** What one source says: only the keys it sets. */
export type Layer = ReadonlyMap<ConfigKey, Setting>;

export function readFile(
  file: ConfigFile,
  surroundings: Surroundings,
  problems: ProblemList,
): { readonly layer: Layer; readonly profiles: readonly Profile[] } {
  const folder = pathsOf(surroundings.platform).dirname(file.path);
  const layer = new Map<ConfigKey, Setting>();
  const { settings, profiles } = readConfigFile(file, problems);
  for (const [key, { value, line }] of settings) {
    const source = { kind: 'file', path: file.path, line } as const;
    layer.set(key, { value: located(key, value, folder, surroundings), source });
  }
  return { layer, profiles };
}

export function readEnvironment(surroundings: Surroundings, problems: ProblemList): Layer {
  const layer = new Map<ConfigKey, Setting>();
  const assign = surroundings.platform === 'win32' ? 'set ' : 'export ';
  for (const key of configKeyNames) {
    const name = environmentName(key);
    const raw = surroundings.env[name];
    if (raw === undefined || raw === '') continue;
    const value = checked(key, raw, name, `${assign}${name}=`, problems);
    if (value === undefined) continue;
    layer.set(key, {
      value: located(key, value, surroundings.cwd, surroundings),
      source: { kind: 'environment', name },
    });
  }
  return layer;
}

export function readFlags(
  flags: Readonly<Record<string, unknown>>,
  surroundings: Surroundings,
  problems: ProblemList,
): Layer {
  const layer = new Map<ConfigKey, Setting>();
  for (const key of configKeyNames) {
    const { flag } = configKeys[key];
    if (flag === undefined) continue;
    const camelCase = flag.name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const given = flags[flag.name] ?? flags[camelCase];
    // Of a flag that is there several times, the last one holds.
    const last: unknown = Array.isArray(given) ? given.at(-1) : given;
    const raw = flag.convert === undefined ? last : flag.convert(last);
    if (raw === undefined) continue;
    const name = `--${flag.name}`;
    const value = checked(key, raw, name, `${name} `, problems, flag.example);
    if (value === undefined) continue;
    layer.set(key, {
      value: located(key, value, surroundings.cwd, surroundings),
      source: { kind: 'flag', name },
    });
  }
  return layer;
}

/** The value of a variable or flag; undefined after it was noted as a problem. */
function checked(
  key: ConfigKey,
  raw: unknown,
  where: string,
  assignment: string,
  problems: ProblemList,
  example?: string,
): string | number | undefined {
  const { kind, check } = configKeys[key];
  const isNumeral = typeof raw === 'string' && /^[+-]?\d[\d_]*(\.\d+)?$/.test(raw.trim());
  const value = kind === 'number' && isNumeral ? Number(raw.trim().replaceAll('_', '')) : raw;
  const result = check(value);
  if (result.ok) return result.value;
  const suggestion = example ?? result.suggestion?.replaceAll('"', '');
  problems.add({
    where,
    line: undefined,
    key,
    message: `${key} is ${describeFound(value)}, but it must be ${result.must}.`,
    fix: suggestion === undefined ? `Correct ${where}, or leave it out.` : `${assignment}${suggestion}`,
  });
  return undefined;
}

function located(key: ConfigKey, value: string | number, base: string, surroundings: Surroundings) {
  const isPath = configKeys[key].kind === 'path' && typeof value === 'string';
  return isPath ? resolvePath(value, base, surroundings) : value;
}

/** Variables that look like a slip. Others may belong to programs that use the same prefix. */
export function unknownVariables(env: Surroundings['env']): ConfigWarning[] {
  const known = new Set(['KAMI_CONFIG', httpTokenVariable, ...configKeyNames.map(environmentName)]);
  const suffixes = [...known].map((name) => name.slice('KAMI_'.length));
  const warnings: ConfigWarning[] = [];
  for (const name of Object.keys(env)) {
    if (!name.startsWith('KAMI_') || known.has(name)) continue;
    const meant = nearest(name.slice('KAMI_'.length), suffixes);
    if (meant === undefined) continue;
    warnings.push({
      message: `The variable ${quoteText(name)} is no setting of KAMI and was ignored.`,
      fix: `Did you mean KAMI_${meant}?`,
    });
  }
  return warnings;
}
