import { isBuiltin } from 'node:module';

const instead: Readonly<Record<string, string>> = {
  assert: 'an if and a throw',
  buffer: 'Uint8Array, TextEncoder, atob and btoa',
  crypto: 'the global crypto (Web Crypto), such as crypto.randomUUID() and crypto.subtle',
  events: 'EventTarget',
  fs: 'the input, or an import of a .json file: a tool has no files of its own',
  http: 'fetch()',
  https: 'fetch()',
  http2: 'fetch()',
  net: 'fetch()',
  path: 'text functions, or a package such as pathe',
  perf_hooks: 'the global performance',
  process: 'the input and ctx: a tool has no process',
  querystring: 'URLSearchParams',
  stream: 'ReadableStream and the other web streams',
  string_decoder: 'TextDecoder',
  timers: 'the globals setTimeout and setInterval',
  url: 'the globals URL and URLSearchParams',
  util: 'structuredClone, TextEncoder and the like',
  zlib: 'CompressionStream and DecompressionStream',
};

/** Whether an import names a module of Node. */
export function isNodeModule(specifier: string): boolean {
  return isBuiltin(specifier);
}

/** What to use in place of a module of Node; undefined where a tool has nothing alike. */
export function nodeModuleAlternative(specifier: string): string | undefined {
  const name = specifier.replace(/^node:/, '').replace(/\/.*/, '');
  return Object.hasOwn(instead, name) ? instead[name] : undefined;
}
