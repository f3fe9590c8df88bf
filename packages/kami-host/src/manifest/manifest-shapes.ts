import { limitBounds } from '../model/limits.ts';
import type { TableShapes } from '../model/toml/table-reader.ts';

/** Every table and key of a tool.toml. */
export const manifestShapes: TableShapes = {
  '': ['tool', 'mcp', 'security', 'build', 'component'],
  tool: ['id', 'name', 'version', 'wasm', 'wasm_sha256', 'signature', 'signer_public_key'],
  mcp: ['description', 'arguments', 'input_schema', 'output_schema', 'annotations'],
  'mcp.arguments[]': ['name', 'type', 'description', 'required', 'default'],
  security: [
    'net_allow_list',
    'fs_access',
    'env_allow_list',
    'ask',
    'max_memory_mb',
    'max_execution_ms',
    'max_fuel',
    'mounts',
    'credentials',
  ],
  'security.mounts[]': ['path', 'access', 'reason'],
  'security.credentials[]': ['host', 'header', 'value'],
  build: ['entry'],
  component: ['engine', 'engine_version', 'size', 'sdk'],
};

/** Bounds of the values, in characters, entries or units of the key. */
export const manifestBounds = {
  name: 64,
  description: 4_096,
  path: 255,
  listEntries: 256,
  arguments: 100,
  mounts: 16,
  credentials: 32,
  reason: 200,
  maxMemoryMb: limitBounds.maxMemoryMb,
  maxExecutionMs: limitBounds.timeoutMs,
  maxFuel: limitBounds.maxFuel,
  componentBytes: 1024 * 1024 * 1024,
  /** Objects and arrays inside one another, in schemas and defaults. */
  jsonDepth: 64,
} as const;
