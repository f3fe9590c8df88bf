import type { CellSharing, Isolation } from '../model/isolation.ts';
import type { LogFormat, LogLevel } from '../model/logger.ts';
import type { Profile } from './profiles.ts';

/** Every setting, by the name it has in the configuration file. */
export interface ConfigValueByKey {
  /** Absolute path. */
  readonly data_dir: string;
  readonly 'runtime.max_concurrent': number;
  readonly 'runtime.max_computing': number;
  readonly 'runtime.max_queued': number;
  readonly 'runtime.pool_size': number;
  readonly 'runtime.max_cells': number;
  readonly 'runtime.default_timeout_secs': number;
  readonly 'runtime.default_calls_per_minute': number;
  readonly 'runtime.calls_per_minute': number;
  readonly 'runtime.isolation': Isolation;
  readonly 'runtime.cell_sharing': CellSharing;
  readonly 'runtime.cache_size': number;
  readonly 'sandbox.default_max_memory_mb': number;
  readonly 'sandbox.default_max_fuel': number;
  readonly 'sandbox.default_max_requests': number;
  /** Absolute path. */
  readonly 'registry.database_path': string;
  readonly 'http.host': string;
  readonly 'http.port': number;
  /** Names and addresses, separated by commas. */
  readonly 'http.allowed_hosts': string | undefined;
  /** Origins, separated by commas. */
  readonly 'http.allowed_origins': string | undefined;
  /** Absolute path. */
  readonly 'http.token_file': string | undefined;
  readonly 'http.public_url': string | undefined;
  readonly 'http.issuer': string | undefined;
  readonly 'http.audience': string | undefined;
  /** Scopes, separated by spaces. */
  readonly 'http.required_scopes': string | undefined;
  readonly 'http.max_connections': number;
  readonly 'http.drain_secs': number;
  readonly 'logging.level': LogLevel;
  readonly 'logging.format': LogFormat;
}

export type ConfigKey = keyof ConfigValueByKey;

/** Where the value of a setting comes from. */
export type ConfigSource =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly path: string; readonly line: number }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'flag'; readonly name: string };

/** One setting as `kami config` shows it. */
export interface ConfigEntry {
  readonly key: ConfigKey;
  readonly value: string | number | undefined;
  readonly source: ConfigSource;
  /** What it does, and what a higher or other value gains and costs. */
  readonly description: string;
  /** Variable that sets it, such as `KAMI_RUNTIME_POOL_SIZE`. */
  readonly environment: string;
  /** Flag that sets it, such as `--concurrency`; not every command takes it. */
  readonly flag: string | undefined;
}

/** Something about the settings that is probably a slip but stops nothing. */
export interface ConfigWarning {
  readonly message: string;
  readonly fix: string;
}

/** The settings as code reads them. */
export interface ConfigValues {
  readonly dataDir: string;
  readonly runtime: {
    readonly maxConcurrent: number;
    readonly maxComputing: number;
    readonly maxQueued: number;
    readonly poolSize: number;
    readonly maxCells: number;
    readonly defaultTimeoutSecs: number;
    readonly defaultCallsPerMinute: number;
    readonly callsPerMinute: number;
    readonly isolation: Isolation;
    readonly cellSharing: CellSharing;
    readonly cacheSize: number;
  };
  readonly sandbox: {
    readonly defaultMaxMemoryMb: number;
    readonly defaultMaxFuel: number;
    readonly defaultMaxRequests: number;
  };
  readonly registry: { readonly databasePath: string };
  /** How `kami serve --transport http` is reached, and by whom; as they are written, `mcp/http` makes sense of them. */
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly allowedHosts: string | undefined;
    readonly allowedOrigins: string | undefined;
    readonly tokenFile: string | undefined;
    readonly publicUrl: string | undefined;
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
    readonly requiredScopes: string | undefined;
    readonly maxConnections: number;
    readonly drainSecs: number;
  };
  readonly logging: { readonly level: LogLevel; readonly format: LogFormat };
}

/** All settings, merged once and deeply frozen. */
export interface Config {
  readonly values: ConfigValues;
  /** The same, each with its source, in the order of the documentation. */
  readonly entries: readonly ConfigEntry[];
  /** The `[profiles.NAME]` of the configuration file, in its order. */
  readonly profiles: readonly Profile[];
  /** The configuration file that was read, absolute; undefined when there is none. */
  readonly file: string | undefined;
  readonly warnings: readonly ConfigWarning[];
}
