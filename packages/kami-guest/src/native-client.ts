import type { ClientContext } from './client.ts';
import { ToolError } from './tool-error.ts';

async function nobody(): Promise<never> {
  throw new ToolError('No client.');
}

/** A client that takes no notice and can't be asked. */
export const noClient: ClientContext = { progress() {}, elicit: nobody, sample: nobody, roots: nobody };
