import type { ClientContext } from './client.ts';
import type { ToolLog } from './log.ts';

/** Who a tool is. The build puts it in, from tool.toml. */
export interface ToolIdentity {
  /** Reverse DNS, such as `com.example.weather`. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
}

/** What a handler gets beside its input. */
export interface ToolContext extends ClientContext {
  readonly log: ToolLog;
  readonly tool: ToolIdentity;
}

/** Who a tool is while it runs natively and nobody has said. */
export const nativeIdentity: ToolIdentity = Object.freeze({
  id: 'local.tool',
  name: 'tool',
  version: '0.0.0',
});
