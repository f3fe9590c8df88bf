import type { Server } from '@modelcontextprotocol/server';
import type { Logger } from '../model/logger.ts';
import type { Changed } from './served-tools.ts';

/** Tells the client of a server which of its lists have changed. */
export async function tellChange(server: Server, what: Changed, logger: Logger): Promise<void> {
  try {
    if (what === 'tools') await server.sendToolListChanged();
    else if (what === 'offers')
      await Promise.all([server.sendPromptListChanged(), server.sendResourceListChanged()]);
  } catch (error) {
    logger.warn('a change could not be told', { err: error });
  }
}
