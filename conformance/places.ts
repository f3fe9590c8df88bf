import { fileURLToPath } from 'node:url';

const at = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Of the checkout, absolute, like all of these. */
export const rootDir = at('..');
export const toolsDir = at('tools');
/** What the tools become, and where they are installed; not in git. */
export const builtDir = at('built');
export const suiteDir = at('suite');
/** The suite's own package. */
export const suitePackage = at('suite/node_modules/@modelcontextprotocol/conformance');
export const kamiCommand = at('../packages/kami-host/bin/kami.js');
export const guestDist = at('../packages/kami-guest/dist');
export const hostDist = at('../packages/kami-host/dist');
