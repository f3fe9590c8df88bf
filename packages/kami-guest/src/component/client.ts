/**
 * What the generated entry of a component imports when the author's code reaches for the client. Works only inside a
 * component whose world imports `kami:tool/client`.
 */
import { ask, progress } from 'kami:tool/client@0.1.0';
import { createClientContext } from './client-context.ts';

export const client = createClientContext({ ask, progress });
