import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { WASIShim } from '@bytecodealliance/preview2-shim/instantiation';

/** Compiled core modules of a transpiled component, by file name. */
export type Cores = ReadonlyMap<string, WebAssembly.Module>;

interface Tool {
  readonly run: (input: string) => string;
}

interface Glue {
  readonly instantiate: (
    getCore: (name: string) => WebAssembly.Module,
    imports: object,
  ) => Promise<{ readonly tool: Tool }>;
}

/** @param folder what `jco transpile --instantiation async --name tool` wrote */
export function loadGlue(folder: string): Promise<Glue> {
  return import(pathToFileURL(path.join(folder, 'tool.js')).href);
}

/** Compiles a core once; instances and threads share it. */
export function loadCore(folder: string, name: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(path.join(folder, name)));
}

/** A new instance, with everything that preview2-shim offers by default. */
export async function instantiateTool(
  glue: Glue,
  getCore: (name: string) => WebAssembly.Module,
): Promise<Tool> {
  const imports = { ...new WASIShim().getImportObject(), 'kami:tool/host': { log: () => {} } };
  return (await glue.instantiate(getCore, imports)).tool;
}

/** The answer's JSON, from the envelope in which a tool of KAMI puts it. */
export function answerText(envelope: string): string {
  return JSON.stringify((JSON.parse(envelope) as { readonly value: unknown }).value);
}
