import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError } from './build-error.ts';
import type { ComponentizeFailure } from './componentize-child.ts';
import { type Diagnostic, withFrame } from './diagnostic.ts';
import { bundleName } from './module-names.ts';
import { isOwnFile, type MapPosition, type Position } from './source-positions.ts';

interface Where {
  readonly projectDir: string;
  readonly entry: string;
  readonly mapPosition: MapPosition;
  readonly timeoutMs: number;
}

const thrown =
  /Exception while evaluating top-level script\n([\s\S]*?)(?=\nAdditionally, some promises|\nStack:|\nError: the `|$)/;
const hostCall = /attempted to call an unknown imported function: '([^']+)' '([^']+)'/;
const buildTime =
  'Top-level code runs once, at build time and without a host; what needs one belongs into the handler.';

/** What made a component's initialisation fail, for the author of the code. */
export function initialiseError(where: Where, failure: ComponentizeFailure): BuildError {
  const { engineOutput } = failure;
  if (failure.timedOut) {
    return entryError(where, `Top-level code did not end within ${where.timeoutMs / 1000} s.`);
  }
  // The generated entry does export it: the evaluation of a module before it has not come to its end.
  if (failure.message.includes('does not export a "tool" interface')) {
    return entryError(where, 'A top-level await never ends.');
  }
  const [, iface, name] = hostCall.exec(engineOutput) ?? [];
  if (iface !== undefined) {
    const what = iface.startsWith('wasi:random/')
      ? 'asks for random numbers'
      : `calls the host (${iface} ${name})`;
    return entryError(where, `Top-level code ${what}, which works only while the tool runs.`);
  }
  const exception = thrown.exec(engineOutput)?.[1];
  if (exception !== undefined) return thrownError(where, exception, engineOutput);
  return new BuildError('componentize', {
    message: `componentize-js failed: ${failure.message.trim()}`,
    fix: 'If the message does not say what to change, report it with the code that caused it.',
  });
}

/** Of the engine no position is known then. */
function entryError({ entry }: Where, message: string): BuildError {
  return new BuildError('initialise', {
    message: `${entry}: ${message}`,
    fix: buildTime,
    diagnostics: [at({ file: entry, line: 0, column: 0 }, message)],
  });
}

function thrownError(where: Where, exception: string, engineOutput: string): BuildError {
  const { projectDir, entry } = where;
  // The engine puts the place before every line: `tool.js:5:9 Error: boom`.
  const message = exception.replace(new RegExp(`^${bundleName}:\\d+:\\d+ `, 'gm'), '').trim();
  if (message.includes('The default export must be')) {
    const place = exportDefault(projectDir, entry);
    return new BuildError('not-a-tool', {
      message: `The default export of ${entry} is not a tool.`,
      fix: `Let ${entry} say: export default kamiTool({ … });`,
      diagnostics: [withFrame(projectDir, at(place, 'The default export must be what kamiTool() returns.'))],
    });
  }
  const place = ownPlace(where, exception, engineOutput) ?? { file: entry, line: 0, column: 0 };
  const position = place.line > 0 ? `${place.file}:${place.line}` : place.file;
  const isDefinition = message.startsWith('ToolDefinitionError: ');
  const text = isDefinition ? message.slice('ToolDefinitionError: '.length) : message;
  return new BuildError('initialise', {
    message: isDefinition
      ? `The tool at ${position} is not well defined: ${text}`
      : `The top-level code at ${position} threw ${text}`,
    fix: isDefinition ? `Correct ${position}.` : `Correct ${position}. ${buildTime}`,
    diagnostics: [withFrame(projectDir, at(place, text))],
  });
}

/** The first place in the author's files: of the stack, then of the exception itself. */
function ownPlace({ mapPosition }: Where, exception: string, engineOutput: string): Position | undefined {
  const places = new RegExp(`${bundleName}:(\\d+):(\\d+)`, 'g');
  const stack = /\nStack:\n([\s\S]*)/.exec(engineOutput)?.[1] ?? '';
  const mapped = [...stack.matchAll(places), ...exception.matchAll(places)]
    .map(([, line, column]) => mapPosition(Number(line), Number(column)))
    .filter((position) => position !== undefined);
  return mapped.find(({ file }) => isAuthors(file)) ?? mapped[0];
}

function isAuthors(file: string): boolean {
  return isOwnFile(file) && !file.startsWith('..') && !/kami-guest\/(src|dist)\//.test(file);
}

function exportDefault(projectDir: string, entry: string): Position {
  const lines = readFileSync(join(projectDir, entry), 'utf8').split('\n');
  const index = lines.findIndex((line) => /\bexport\s+default\b|\bas\s+default\b/.test(line));
  return { file: entry, line: index + 1, column: index < 0 ? 0 : 1 };
}

function at({ file, line, column }: Position, message: string): Diagnostic {
  return { file, line, column, message, severity: 'error' };
}
