/**
 * kami-host: run tools written by strangers, sandboxed.
 *
 * Most programs need `loadConfig`, `openToolHost` and its `call`; the rest is for those who build on the parts.
 */

// Settings
export type { Config, ConfigEntry, ConfigSource, ConfigValues } from './config/config.ts';
export { type LoadConfigOptions, loadConfig } from './config/load-config.ts';
export type { GrantCeiling, Profile, ToolAlias } from './config/profiles.ts';
// Errors
export type { ErrorCode } from './errors/catalogue.ts';
export { isKamiError, KamiError, type KamiErrorInit } from './errors/kami-error.ts';
// Installing and removing tools, and what they are granted
export { changeToolGrant, type GrantOutcome, revokeAll } from './install/change-grant.ts';
export type { GrantOrder, InstallOptions } from './install/decide.ts';
export { hostInstallDeps } from './install/host-deps.ts';
export type { Cleanup, InstallDeps } from './install/install-deps.ts';
export { type InstallSource, resolveSource } from './install/install-source.ts';
export {
  executePlan,
  type InstallOutcome,
  type InstallPlan,
  installTool,
  planInstall,
} from './install/install-tool.ts';
export { type UninstallOutcome, uninstallTool } from './install/uninstall-tool.ts';
// Calling installed tools
export type {
  CallFailure,
  CallOutcome,
  CallResult,
  CallSuccess,
  ContentBlock,
  FailureReason,
} from './model/call-result.ts';
export type { CapabilityRequest, Refusal } from './model/capability.ts';
export {
  createGrant,
  type Grant,
  type GrantChange,
  type Grantor,
  grantItems,
  noGrant,
} from './model/grant.ts';
export {
  formatGrantItem,
  type GrantItem,
  type GrantSelector,
  parseGrantItem,
  parseGrantSelector,
} from './model/grant-item.ts';
export { parseToolId, type Sha256, type ToolId } from './model/ids.ts';
export type { Json, JsonObject, JsonSchema } from './model/json.ts';
export type { Limits } from './model/limits.ts';
export type { LogLine } from './model/log-line.ts';
export type { ToolDescription } from './model/tool.ts';
export type { AnnotationCorrection, EnforcedAnnotations } from './policy/enforced-annotations.ts';
export type { InstalledTool } from './registry/installed-tool.ts';
export type { GrantCeilings } from './runtime/installed-tools.ts';
export type { CallOptions } from './runtime/kami-runtime.ts';
export { openToolHost, type ToolHost } from './runtime/tool-host.ts';
