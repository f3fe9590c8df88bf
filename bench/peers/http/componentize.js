// node componentize.js <source> <component>: makes a component that exports wasi:http/incoming-handler.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';

/** The version that the engine of componentize-js has built in; jco brings the texts of another. */
const version = '0.2.10';
const [sourcePath, target] = process.argv.slice(2);
const texts = new URL('../node_modules/@bytecodealliance/jco/lib/wit/builtin/0.2.12/', import.meta.url);
// As text in one piece, because the WIT of a folder can't be read through the WASI that componentize-js finds here.
const packages = readdirSync(fileURLToPath(texts)).map((name) => {
  const text = readFileSync(new URL(`${name}/package.wit`, texts), 'utf8');
  return `${text.replace(/^package ([^;]+);/m, 'package $1 {')}\n}`;
});
const world = 'package bench:http;\nworld server { export wasi:http/incoming-handler@0.2.12; }';
const witWorld = [world, ...packages].join('\n').replaceAll('0.2.12', version);
const { component } = await componentize({ sourcePath, witWorld, worldName: 'server' });
writeFileSync(target, component);
