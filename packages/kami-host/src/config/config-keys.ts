import { cellSharings, isolations } from '../model/isolation.ts';
import { defaultLimits, limitBounds } from '../model/limits.ts';
import { logFormats, logLevels } from '../model/logger.ts';
import { type Check, numberBetween, oneOf, plainText, wholeNumber } from '../model/toml/checks.ts';
import type { ConfigKey, ConfigValueByKey } from './config.ts';

/** What defaults depend on. */
export interface DefaultContext {
  /** Processor cores that this process may use. */
  readonly cores: number;
  /** The platform's folder for data. */
  readonly platformDataDir: string;
  /** The data folder as it is set. */
  readonly dataDir: string;
  readonly joinPath: (...parts: string[]) => string;
}

/** One setting: the single place that parsing, `kami config` and the documentation follow. */
export interface ConfigKeySpec<T> {
  readonly kind: 'number' | 'word' | 'path';
  readonly check: Check<NonNullable<T>>;
  readonly defaultValue: (context: DefaultContext) => T;
  readonly description: string;
  readonly flag?: {
    /** Without the dashes. */
    readonly name: string;
    /** Turns what the flag says into the setting; undefined when the flag says nothing. */
    readonly convert?: (value: unknown) => unknown;
    /** A right value of a flag with `convert`. */
    readonly example?: string;
  };
}

const path = plainText({ maxLength: 4_096 });
const list = (example: string) => plainText({ maxLength: 4_096, example });
const url = plainText({ maxLength: 2_048, example: 'https://mcp.example.com/mcp' });

export const configKeys: { readonly [K in ConfigKey]: ConfigKeySpec<ConfigValueByKey[K]> } = {
  data_dir: {
    kind: 'path',
    check: path,
    defaultValue: ({ platformDataDir }) => platformDataDir,
    description:
      'Folder of the registry, installed components and caches. Another folder is another, separate set of tools.',
    flag: { name: 'data-dir' },
  },
  'runtime.max_concurrent': {
    kind: 'number',
    check: wholeNumber(1, 1_024, 32),
    defaultValue: () => 32,
    description:
      'Calls that have begun and not ended, those that wait for a network or a clock included; more wait in a queue. Higher serves more clients at once and needs memory for each call.',
    flag: { name: 'concurrency' },
  },
  'runtime.max_computing': {
    kind: 'number',
    check: wholeNumber(1, 1_024, 8),
    defaultValue: ({ cores }) => Math.max(4, 2 * cores),
    description:
      'Calls that compute at the same time. Higher lets short calls pass long ones, lower leaves the machine to others; above the number of processor cores nothing gets faster.',
  },
  'runtime.max_queued': {
    kind: 'number',
    check: wholeNumber(1, 100_000, 256),
    defaultValue: () => 256,
    description:
      'Calls of one tool that wait in the queue; more are refused as busy. Higher takes bigger bursts, whose last calls wait longer. Tools take turns, so a full queue of one holds up no other.',
  },
  'runtime.pool_size': {
    kind: 'number',
    check: wholeNumber(0, 256, 2),
    defaultValue: () => 2,
    description:
      'Idle sandboxes kept ready; more are kept for some seconds after a burst. Higher answers bursts faster and holds their memory all the time; 0 prepares none.',
  },
  'runtime.max_cells': {
    kind: 'number',
    check: wholeNumber(1, 1_024, 8),
    defaultValue: () => 8,
    description:
      'Processes that tools have for themselves, in the isolation `cell`; the one that was used longest ago makes room. Higher answers first calls of many tools faster and holds the memory of more processes.',
  },
  'runtime.default_timeout_secs': {
    kind: 'number',
    check: numberBetween(0.001, 3_600, defaultLimits.timeoutMs / 1_000),
    defaultValue: () => defaultLimits.timeoutMs / 1_000,
    description:
      'Seconds that a call may take when the tool was granted no limit of its own. Higher lets slow tools finish and a stuck one block its place longer.',
    flag: { name: 'timeout-ms', convert: secondsOf, example: String(defaultLimits.timeoutMs) },
  },
  'runtime.default_calls_per_minute': {
    kind: 'number',
    check: wholeNumber(1, limitBounds.callsPerMinute, defaultLimits.callsPerMinute),
    defaultValue: () => defaultLimits.callsPerMinute,
    description:
      'Calls of one tool in a minute, when it was granted no rate of its own. Higher lets busy agents go on, lower stops a client that calls in a loop.',
  },
  'runtime.calls_per_minute': {
    kind: 'number',
    check: wholeNumber(1, 1_000_000, 6_000),
    defaultValue: () => 6_000,
    description:
      'Calls of all tools together in a minute. Higher serves more clients, lower keeps the machine free for others.',
  },
  'runtime.isolation': {
    kind: 'word',
    check: oneOf(isolations, 'cell'),
    defaultValue: () => 'cell',
    description:
      'cell: tools run in child processes, and one that crashes its process harms no other. thread: all in one process, for debugging and embedding; starts a little faster, but a crash of the engine ends everything.',
    flag: { name: 'isolation' },
  },
  'runtime.cell_sharing': {
    kind: 'word',
    check: oneOf(cellSharings, 'per-publisher'),
    defaultValue: () => 'per-publisher',
    description:
      'Which tools may share a process: none (per-tool), those of a publisher whose signature was verified (per-publisher; none is yet, so nothing is shared), or all (shared). Sharing saves some 60 MB for each tool in use, and lets the crash of one end calls of the others.',
  },
  'runtime.cache_size': {
    kind: 'number',
    check: wholeNumber(1, 10_000, 32),
    defaultValue: () => 32,
    description:
      'Compiled components kept in memory. Higher spares compiling when many tools take turns, for some megabytes each.',
    flag: { name: 'cache-size' },
  },
  'sandbox.default_max_memory_mb': {
    kind: 'number',
    check: wholeNumber(1, 4_096, defaultLimits.maxMemoryMb),
    defaultValue: () => defaultLimits.maxMemoryMb,
    description:
      'Memory of a call in MiB when the tool was granted no limit of its own. Higher lets tools work on more data and costs the machine that much for each call at worst.',
    flag: { name: 'max-memory-mb' },
  },
  'sandbox.default_max_fuel': {
    kind: 'number',
    check: wholeNumber(1, limitBounds.maxFuel, defaultLimits.maxFuel),
    defaultValue: () => defaultLimits.maxFuel,
    description:
      'Instructions that a call may execute when the tool was granted no number of its own. Higher lets tools compute longer; the same call takes the same number on every machine.',
    flag: { name: 'fuel' },
  },
  'sandbox.default_max_requests': {
    kind: 'number',
    check: wholeNumber(1, limitBounds.maxConcurrentRequests, defaultLimits.maxConcurrentRequests),
    defaultValue: () => defaultLimits.maxConcurrentRequests,
    description:
      'Requests that one call may have on their way at the same time, when the tool was granted no number of its own. Higher is faster for tools that ask many hosts, and costs a socket and its buffers for each.',
  },
  'registry.database_path': {
    kind: 'path',
    check: path,
    defaultValue: ({ dataDir, joinPath }) => joinPath(dataDir, 'registry.db'),
    description:
      'The SQLite file that knows what is installed. Keep it on a local disk: SQLite is not safe on network drives.',
    flag: { name: 'db' },
  },
  'http.host': {
    kind: 'word',
    check: plainText({ maxLength: 255, example: '127.0.0.1' }),
    defaultValue: () => '127.0.0.1',
    description:
      'Address that `--transport http` listens on. 127.0.0.1 is for this machine alone; 0.0.0.0 is for whoever reaches the machine.',
    flag: { name: 'host' },
  },
  'http.port': {
    kind: 'number',
    check: wholeNumber(0, 65_535, 8_642),
    defaultValue: () => 8_642,
    description: 'Port that `--transport http` listens on; 0 is any free one, which is said at the start.',
    flag: { name: 'port' },
  },
  'http.allowed_hosts': {
    kind: 'word',
    check: list('mcp.example.com'),
    defaultValue: () => undefined,
    description:
      'Names, separated by commas, by which clients may address the server, besides localhost, its address and that of `http.public_url`. Any other Host header is refused, against DNS rebinding.',
    flag: { name: 'allowed-hosts' },
  },
  'http.allowed_origins': {
    kind: 'word',
    check: list('https://app.example.com'),
    defaultValue: () => undefined,
    description:
      'Web pages, as origins separated by commas, that may call the server from a browser. Any other page is refused.',
    flag: { name: 'allowed-origins' },
  },
  'http.token_file': {
    kind: 'path',
    check: path,
    defaultValue: () => undefined,
    description:
      'File with the bearer token that clients must send, when the variable KAMI_HTTP_TOKEN has none. Without either, and without an issuer, a token is made at each start.',
    flag: { name: 'token-file' },
  },
  'http.public_url': {
    kind: 'word',
    check: url,
    defaultValue: () => undefined,
    description:
      'URL by which clients reach the server, when that is not its own address, such as behind a reverse proxy. Tokens of an issuer are made for it.',
    flag: { name: 'public-url' },
  },
  'http.issuer': {
    kind: 'word',
    check: plainText({ maxLength: 2_048, example: 'https://login.example.com' }),
    defaultValue: () => undefined,
    description:
      'Authorization server (OAuth) whose access tokens are taken, exactly as it writes its own name. Clients learn of it by themselves.',
    flag: { name: 'issuer' },
  },
  'http.audience': {
    kind: 'word',
    check: plainText({ maxLength: 2_048, example: 'https://mcp.example.com/mcp' }),
    defaultValue: () => undefined,
    description:
      'Audience that tokens of the issuer must be made for, when that is not the public URL. A token for another service is refused.',
    flag: { name: 'audience' },
  },
  'http.required_scopes': {
    kind: 'word',
    check: list('mcp'),
    defaultValue: () => undefined,
    description: 'Scopes, separated by spaces, that a token of the issuer must have, all of them.',
    flag: { name: 'required-scopes' },
  },
  'http.max_connections': {
    kind: 'number',
    check: wholeNumber(1, 65_535, 1_024),
    defaultValue: () => 1_024,
    description:
      'Connections at the same time; more are closed at once. Higher serves more clients and needs more open files and memory.',
  },
  'http.drain_secs': {
    kind: 'number',
    check: numberBetween(0, 3_600, 10),
    defaultValue: () => 10,
    description:
      'Seconds that calls have to come to their end when the server is asked to stop. Higher loses fewer long calls and stops later.',
  },
  'logging.level': {
    kind: 'word',
    check: oneOf(logLevels, 'warn'),
    defaultValue: () => 'warn',
    description:
      'What is logged to stderr: this level and graver ones. Lower levels show why something happens and cost time in every call.',
    flag: { name: 'verbose', convert: levelOfVerbosity },
  },
  'logging.format': {
    kind: 'word',
    check: oneOf(logFormats, 'plain'),
    defaultValue: () => 'plain',
    description: 'plain: one line for people. json: one JSON object a line, for programs that collect logs.',
    flag: { name: 'log-format' },
  },
};

/** Holds the bearer token of the HTTP transport. It is no setting, because settings are shown. */
export const httpTokenVariable = 'KAMI_HTTP_TOKEN';

export const configKeyNames = Object.keys(configKeys) as ConfigKey[];

/** `runtime.pool_size` is set by `KAMI_RUNTIME_POOL_SIZE`. */
export function environmentName(key: ConfigKey): string {
  return `KAMI_${key.replace('.', '_').toUpperCase()}`;
}

function secondsOf(milliseconds: unknown): unknown {
  const number = typeof milliseconds === 'string' ? Number(milliseconds) : milliseconds;
  return typeof number === 'number' ? number / 1_000 : milliseconds;
}

/** `-v` info, `-vv` debug, `-vvv` trace. */
function levelOfVerbosity(count: unknown): unknown {
  const times = count === true ? 1 : typeof count === 'number' ? count : 0;
  return times <= 0 ? undefined : (['info', 'debug', 'trace'] as const)[Math.min(times, 3) - 1];
}
