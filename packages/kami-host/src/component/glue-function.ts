import { invalidComponent } from './interfaces.ts';

/**
 * Glue, which is a module, as the body of a function that gives what it exports: then what runs is the text that was
 * verified, and no file.
 * @throws KamiError `KAMI_COMPONENT_INVALID` for a module of an unknown form
 */
export function toFunctionBody(glue: string, source: string): string {
  const body = glue.replace(/^export (?=function instantiate\(|const _util = \{)/gm, '');
  if (/^(?:export|import)\b/m.test(body) || !body.includes('\nfunction instantiate(')) {
    throw invalidComponent(source, 'what links it is of an unknown form');
  }
  return `'use strict';\n${withoutLayout(body).trimEnd()}\nreturn instantiate;\n`;
}

/** Leaves out a quarter of the text, which every thread would read: indentation, empty lines, comments on lines of their own. */
function withoutLayout(code: string): string {
  return code.replace(/^[ \t]+/gm, '').replace(/^(?:\/\/.*)?\n/gm, '');
}
