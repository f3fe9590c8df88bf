import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { isKamiError } from '../errors/kami-error.ts';
import type { Logger } from '../model/logger.ts';

/** KAMI's own failures reach the client as JSON-RPC errors in KAMI's words, without their insides. */
export async function answerRequest<T>(logger: Logger, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    if (!isKamiError(error)) {
      logger.error('a request failed', { err: error });
      throw new ProtocolError(ProtocolErrorCode.InternalError, 'KAMI failed to answer; its log says why.');
    }
    logger.error(error.message, { code: error.code });
    const { InvalidParams, InternalError } = ProtocolErrorCode;
    const code = error.code === 'KAMI_TOOL_NOT_FOUND' ? InvalidParams : InternalError;
    throw new ProtocolError(code, `${error.message} ${error.fix}`, {
      code: error.code,
      ...error.data,
    });
  }
}
