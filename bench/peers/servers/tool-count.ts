/** How many tools to serve, from the command line. */
export const toolCount = Number(process.argv[2] ?? 4);
