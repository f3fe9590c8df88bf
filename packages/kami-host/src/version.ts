import { readFileSync } from 'node:fs';

/** The version of kami-host, from the package.json beside `src` or `dist`. */
export function kamiVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
