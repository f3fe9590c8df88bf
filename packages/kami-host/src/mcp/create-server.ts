import { ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server';
import { isKamiError } from '../errors/kami-error.ts';
import type { Json } from '../model/json.ts';
import type { LogLine } from '../model/log-line.ts';
import type { Logger } from '../model/logger.ts';
import type { ToolHost } from '../runtime/tool-host.ts';
import { cleanText } from '../terminal/clean-text.ts';
import { toCallToolResult } from './call-tool-result.ts';
import { findByName } from './tool-names.ts';
import { listTools } from './tools-list.ts';

export interface ServerDeps {
  readonly host: Pick<ToolHost, 'tools' | 'call'>;
  readonly logger: Logger;
  /** KAMI's own version. */
  readonly version: string;
  /** Who calls, where there are several clients: their calls take turns. */
  readonly client?: string;
}

/** One MCP server for one connection, of whichever protocol generation the client speaks. */
export function createServer({ host, logger, version, ...caller }: ServerDeps): Server {
  const server = new Server(
    { name: 'kami', title: 'KAMI', version },
    { capabilities: { tools: {}, prompts: {}, resources: {} } },
  );
  server.setRequestHandler('tools/list', () => answer(logger, () => listTools(host.tools())));
  server.setRequestHandler('tools/call', ({ params }, { mcpReq: { signal } }) =>
    answer(logger, async () => {
      const tool = findByName(host.tools(), params.name);
      if (tool === undefined) {
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool "${params.name}".`);
      }
      const onLog = logTo(logger.child({ tool: tool.id }));
      const result = await host.call(tool.id, (params.arguments ?? {}) as Json, { ...caller, signal, onLog });
      for (const { capability, subject, count, grant } of result.refusals) {
        logger.warn('refused', { tool: tool.id, capability, subject: cleanText(subject), count, grant });
      }
      return server.projectCallToolResult(toCallToolResult(result), tool.outputSchema);
    }),
  );
  server.setRequestHandler('prompts/list', () => ({ prompts: [] }));
  server.setRequestHandler('resources/list', () => ({ resources: [] }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [] }));
  server.setRequestHandler('resources/read', ({ params }) => {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no resource "${params.uri}".`);
  });
  return server;
}

/** KAMI's own failures reach the client as JSON-RPC errors in KAMI's words, without their insides. */
async function answer<T>(logger: Logger, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    if (!isKamiError(error)) {
      logger.error('a request failed', { err: error });
      throw new ProtocolError(ProtocolErrorCode.InternalError, 'KAMI failed to answer; its log says why.');
    }
    logger.error(error.message, { code: error.code });
    throw new ProtocolError(ProtocolErrorCode.InternalError, `${error.message} ${error.fix}`, {
      code: error.code,
      ...error.data,
    });
  }
}

function logTo(logger: Logger): (line: LogLine) => void {
  return ({ level, message }) => logger[level](cleanText(message));
}
