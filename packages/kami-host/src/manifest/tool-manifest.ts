import type { CapabilityRequest } from '../model/capability.ts';
import type { Sha256, ToolId } from '../model/ids.ts';
import type { JsonSchema } from '../model/json.ts';
import type { RequestedLimits } from '../model/limits.ts';
import type { ToolAnnotations, ToolArgument } from '../model/tool.ts';

/** Where the component of a package is and how to tell that it is the right one: `wasm…` and `sign…` of `[tool]`. */
export interface ManifestArtifact {
  /** Path of the component relative to the folder of tool.toml, `/` between its parts; absent in a source project. */
  readonly wasm: string | undefined;
  readonly sha256: Sha256 | undefined;
  /** Ed25519 signature, 64 bytes as base64 or hexadecimal. */
  readonly signature: string | undefined;
  /** Ed25519 public key, 32 bytes as base64 or hexadecimal. */
  readonly signerPublicKey: string | undefined;
}

/** What `kami build` notes of the component it made: the `[component]` table. */
export interface ManifestComponent {
  readonly engine: string;
  readonly engineVersion: string;
  /** Size of the component file, bytes. */
  readonly size: number;
  /** The SDK that the tool was written with, such as `kami-guest 0.1.0`. */
  readonly sdk: string | undefined;
}

/**
 * A tool.toml after it was checked: who a tool is and what it asks for. Every field is set, deeply frozen,
 * and within the bounds of the format; nothing in it has been granted.
 */
export interface ToolManifest {
  readonly id: ToolId;
  /** Display name, one line. */
  readonly name: string;
  /** Semantic version, such as `1.0.0-beta.2`. */
  readonly version: string;
  readonly artifact: ManifestArtifact;
  /** May have several lines, joined by `\n`. */
  readonly description: string | undefined;
  readonly arguments: readonly ToolArgument[];
  readonly inputSchema: JsonSchema | undefined;
  readonly outputSchema: JsonSchema | undefined;
  readonly annotations: ToolAnnotations | undefined;
  readonly request: CapabilityRequest;
  readonly requestedLimits: RequestedLimits;
  readonly build: {
    /** The author's module, relative to the folder of tool.toml. */
    readonly entry: string;
  };
  readonly component: ManifestComponent | undefined;
}
