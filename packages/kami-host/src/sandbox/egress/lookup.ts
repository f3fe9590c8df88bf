import { lookup as systemLookup } from 'node:dns/promises';

/** Finds the addresses of a name, in the order in which they are to be tried. */
export type Lookup = (hostname: string) => Promise<readonly { readonly address: string }[]>;

/**
 * Lookups occupy Node's thread pool, which has four threads for the whole process and does its file work too:
 * names that answer slowly must not take them all.
 */
const maxLookups = 2;
let running = 0;
const waiting: (() => void)[] = [];

/** The system's resolver, `hosts` file included; never more than a few names at a time. */
export const lookupHost: Lookup = async (hostname) => {
  if (running >= maxLookups) await new Promise<void>((free) => waiting.push(free));
  else running += 1;
  try {
    return await systemLookup(hostname, { all: true, order: 'verbatim' });
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
};
