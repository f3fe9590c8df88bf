import { availableParallelism } from 'node:os';
import { isKamiError, type KamiError } from '../errors/kami-error.ts';
import { ProblemList } from '../model/toml/problems.ts';
import type { Config, ConfigEntry, ConfigKey, ConfigValueByKey, ConfigWarning } from './config.ts';
import { findConfigFile } from './config-file.ts';
import { configKeyNames, configKeys, type DefaultContext, environmentName } from './config-keys.ts';
import { ownSurroundings, pathsOf, platformDataDir, type Surroundings } from './locations.ts';
import type { Profile } from './profiles.ts';
import { readEnvironment, readFile, readFlags, type Setting, unknownVariables } from './read-settings.ts';

export interface LoadConfigOptions {
  /** Parsed flags by name, with dashes or in camel case; flags that set nothing here are ignored. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly platform?: NodeJS.Platform;
  readonly homeDir?: string;
  readonly cores?: number;
}

/**
 * Merges the settings: 1. flags, 2. `KAMI_*` variables, 3. the configuration file, 4. defaults; the first that
 * says something about a key holds. Relative paths in the file are below its folder, all others below `cwd`.
 * What is not given is taken from this process. An empty variable counts as not set.
 *
 * @throws KamiError `KAMI_CONFIG_INVALID` that lists everything that is wrong in every layer, overridden or not;
 *   `KAMI_FILE_NOT_FOUND` or `KAMI_FILE_UNREADABLE` for the configuration file
 */
export function loadConfig(options: LoadConfigOptions = {}): Config {
  const { config, problem } = loadConfigDespite(options);
  if (problem !== undefined) throw problem;
  return config;
}

/** Settings as far as they could be read. */
export interface ReadableConfig {
  /** Without what is wrong: there the next layer holds. */
  readonly config: Config;
  /** What `loadConfig` throws; undefined when all is right. */
  readonly problem: KamiError | undefined;
}

/** As `loadConfig`, for those who look for what is wrong: never throws a KamiError. */
export function loadConfigDespite(options: LoadConfigOptions = {}): ReadableConfig {
  const own = ownSurroundings();
  const surroundings: Surroundings = {
    env: options.env ?? own.env,
    cwd: options.cwd ?? own.cwd,
    platform: options.platform ?? own.platform,
    homeDir: options.homeDir ?? own.homeDir,
  };
  const problems = new ProblemList();
  const flags = options.flags ?? {};
  const configFlag = Array.isArray(flags.config) ? flags.config.at(-1) : flags.config;
  const file = findConfigFile(typeof configFlag === 'string' ? configFlag : undefined, surroundings);
  let content: ReturnType<typeof readFile> | undefined;
  let unreadable: KamiError | undefined;
  try {
    if (file !== undefined) content = readFile(file, surroundings, problems);
  } catch (error) {
    if (!isKamiError(error)) throw error;
    unreadable = error;
  }
  const layers = [
    readFlags(flags, surroundings, problems),
    readEnvironment(surroundings, problems),
    content?.layer ?? new Map<ConfigKey, Setting>(),
  ];

  const find = (key: ConfigKey) => layers.find((layer) => layer.has(key))?.get(key);
  const platformDir = platformDataDir(surroundings);
  const context: DefaultContext = {
    cores: options.cores ?? availableParallelism(),
    platformDataDir: platformDir,
    dataDir: String(find('data_dir')?.value ?? platformDir),
    joinPath: pathsOf(surroundings.platform).join,
  };
  const settings = new Map<ConfigKey, Setting>();
  for (const key of configKeyNames) {
    const byDefault: Setting = { value: configKeys[key].defaultValue(context), source: { kind: 'default' } };
    settings.set(key, find(key) ?? byDefault);
  }
  return {
    config: freeze(settings, content?.profiles ?? [], file?.path, unknownVariables(surroundings.env)),
    problem: unreadable ?? problems.toError('KAMI_CONFIG_INVALID', 'The configuration'),
  };
}

function freeze(
  settings: ReadonlyMap<ConfigKey, Setting>,
  profiles: readonly Profile[],
  file: string | undefined,
  warnings: readonly ConfigWarning[],
): Config {
  // Every key has a setting whose value its own check or default has made.
  const value = <K extends ConfigKey>(key: K) => settings.get(key)?.value as ConfigValueByKey[K];
  const entries = configKeyNames.map((key): ConfigEntry => {
    const { description, flag } = configKeys[key];
    return Object.freeze({
      key,
      value: value(key),
      source: Object.freeze(settings.get(key)?.source ?? { kind: 'default' }),
      description,
      environment: environmentName(key),
      flag: flag === undefined ? undefined : `--${flag.name}`,
    });
  });
  return Object.freeze({
    values: Object.freeze({
      dataDir: value('data_dir'),
      runtime: Object.freeze({
        maxConcurrent: value('runtime.max_concurrent'),
        maxComputing: value('runtime.max_computing'),
        maxQueued: value('runtime.max_queued'),
        poolSize: value('runtime.pool_size'),
        maxCells: value('runtime.max_cells'),
        defaultTimeoutSecs: value('runtime.default_timeout_secs'),
        defaultCallsPerMinute: value('runtime.default_calls_per_minute'),
        callsPerMinute: value('runtime.calls_per_minute'),
        isolation: value('runtime.isolation'),
        cellSharing: value('runtime.cell_sharing'),
        cacheSize: value('runtime.cache_size'),
      }),
      sandbox: Object.freeze({
        defaultMaxMemoryMb: value('sandbox.default_max_memory_mb'),
        defaultMaxFuel: value('sandbox.default_max_fuel'),
        defaultMaxRequests: value('sandbox.default_max_requests'),
      }),
      registry: Object.freeze({ databasePath: value('registry.database_path') }),
      http: Object.freeze({
        host: value('http.host'),
        port: value('http.port'),
        allowedHosts: value('http.allowed_hosts'),
        allowedOrigins: value('http.allowed_origins'),
        tokenFile: value('http.token_file'),
        publicUrl: value('http.public_url'),
        issuer: value('http.issuer'),
        audience: value('http.audience'),
        requiredScopes: value('http.required_scopes'),
        maxConnections: value('http.max_connections'),
        drainSecs: value('http.drain_secs'),
      }),
      logging: Object.freeze({ level: value('logging.level'), format: value('logging.format') }),
    }),
    entries: Object.freeze(entries),
    profiles: Object.freeze(profiles),
    file,
    warnings: Object.freeze(warnings.map((warning) => Object.freeze(warning))),
  });
}
