/** What engine errors call the bundle. The same for every tool: no path of the author's machine. */
export const bundleName = 'tool.js';

/** What esbuild errors call the generated module that joins the author's with kami-guest. */
export const entryName = 'kami-entry.js';
