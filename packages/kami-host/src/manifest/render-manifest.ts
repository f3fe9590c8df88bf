import { type CapabilityRequest, noCapabilities } from '../model/capability.ts';
import type { Json } from '../model/json.ts';
import type { RequestedLimits } from '../model/limits.ts';
import { tomlValue } from '../model/toml/write.ts';
import { defaultEntry } from './parse-manifest.ts';
import type { ToolManifest } from './tool-manifest.ts';

type Pairs = Readonly<Record<string, Json | undefined>>;

/**
 * Writes a manifest as canonical TOML: same value, same text, and `parseManifest` gives the value back.
 * What has its default is left out, but for the limits: a built package says what it asks for.
 */
export function renderManifest(manifest: ToolManifest): string {
  const { artifact, request, requestedLimits: limits, component, build } = manifest;
  const sections = [
    section('[tool]', {
      id: manifest.id,
      name: manifest.name,
      version: manifest.version,
      wasm: artifact.wasm,
      wasm_sha256: artifact.sha256,
      signature: artifact.signature,
      signer_public_key: artifact.signerPublicKey,
    }),
    section('[mcp]', {
      description: manifest.description,
      input_schema: jsonText(manifest.inputSchema),
      output_schema: jsonText(manifest.outputSchema),
      annotations: jsonText(manifest.annotations),
    }),
    ...manifest.arguments.map((argument) => section('[[mcp.arguments]]', { ...argument })),
    renderSecurity(request, limits),
    section('[build]', { entry: build.entry === defaultEntry ? undefined : build.entry }),
    section('[component]', {
      engine: component?.engine,
      engine_version: component?.engineVersion,
      size: component?.size,
      sdk: component?.sdk,
    }),
  ];
  return sections.filter((text) => text !== '').join('\n');
}

/** The `[security]` part of a manifest: what a tool asks for. A limit that is undefined is left out. */
export function renderSecurity(request: CapabilityRequest, limits: Partial<RequestedLimits>): string {
  return [
    section('[security]', {
      net_allow_list: request.network.length === 0 ? undefined : request.network,
      fs_access: request.fileSystem === noCapabilities.fileSystem ? undefined : request.fileSystem,
      env_allow_list: request.environment.length === 0 ? undefined : request.environment,
      ask: request.asks.length === 0 ? undefined : request.asks,
      max_memory_mb: limits.maxMemoryMb,
      max_execution_ms: limits.timeoutMs,
      max_fuel: limits.maxFuel,
    }),
    ...request.mounts.map((mount) => section('[[security.mounts]]', { ...mount })),
    ...request.credentials.map((credential) => section('[[security.credentials]]', { ...credential })),
  ]
    .filter((text) => text !== '')
    .join('\n');
}

function section(title: string, pairs: Pairs): string {
  const lines = Object.entries(pairs).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} = ${tomlValue(value)}\n`],
  );
  return lines.length === 0 ? '' : `${title}\n${lines.join('')}`;
}

function jsonText(value: object | undefined): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
