import type { CapabilityRequest } from '../model/capability.ts';
import type { Sha256, ToolId } from '../model/ids.ts';
import type { JsonSchema } from '../model/json.ts';
import type { RequestedLimits } from '../model/limits.ts';
import type { Offers } from '../model/offers.ts';
import type { ResultConvention, ToolAnnotations, ToolArgument } from '../model/tool.ts';

/** Where a tool was installed from. The path is absolute. */
export interface InstalledFrom {
  readonly kind: 'directory' | 'manifest' | 'component';
  readonly path: string;
}

/** The component's file in the artifact store. */
export interface ArtifactReference {
  readonly sha256: Sha256;
  /** Bytes. */
  readonly size: number;
}

/** One installed tool: all that the registry knows of it. Read from the database it has been checked. */
export interface InstalledTool {
  readonly id: ToolId;
  /** Name for people. */
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  readonly description: string;
  readonly artifact: ArtifactReference;
  /** The tree of its own files in the store; undefined when it brought none. */
  readonly assets: Sha256 | undefined;
  readonly source: InstalledFrom;
  /** A disabled tool stays installed but is neither listed to clients nor called. */
  readonly enabled: boolean;
  readonly request: CapabilityRequest;
  readonly limits: RequestedLimits;
  /** As `[[mcp.arguments]]` listed them; `inputSchema` is what holds. */
  readonly arguments: readonly ToolArgument[];
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema | undefined;
  readonly annotations: ToolAnnotations;
  readonly convention: ResultConvention;
  readonly offers: Offers;
  readonly sdk: { readonly name: string; readonly version: string } | undefined;
  /** ISO 8601, UTC. Stays when the tool is updated. */
  readonly installedAt: string;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
  /** The only version that may be installed, while it is set. */
  readonly pinnedVersion: string | undefined;
  readonly signature: string | undefined;
  readonly signerPublicKey: string | undefined;
}
