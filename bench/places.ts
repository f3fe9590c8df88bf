import { fileURLToPath } from 'node:url';

const at = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Of the checkout, absolute, like all of these. */
export const rootDir = at('..');
export const benchDir = at('.');
export const toolsDir = at('tools');
export const peersDir = at('peers');
/** The peers' servers as JavaScript. */
export const builtServers = at('peers/built/servers');
/** Where figures are written; not in git. */
export const resultsDir = at('results');
/** The `kami` command as it is built. */
export const kamiCommand = at('../packages/kami-host/bin/kami.js');
