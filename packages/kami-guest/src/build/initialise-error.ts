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
const moveIt = 'Move it into the handler: top-level code runs once, at build time, without a host.';

/** What made a component's initialisation fail, for the author of the code. */
export function initialiseError(where: Where, failure: ComponentizeFailure): BuildError {
  const { entry } = where;
  if (failure.timedOut) {
    return new BuildError('initialise', {
      message: `The top-level code of ${entry} did not end within ${where.timeoutMs / 1000} s.`,
      fix: 'Move long work into the handler: top-level code runs once, at build time.',
      diagnostics: [at({ file: entry, line: 0, column: 0 }, 'Its top-level code does not end.')],
    });
  }
  const call = hostCall.exec(failure.engineOutput);
  if (call !== null) {
    const message = `Top-level code needs the host (${call[1]} ${call[2]}), which exists only while the tool runs.`;
    return new BuildError('initialise', {
      message: `${entry}: ${message}`,
      fix: moveIt,
      diagnostics: [at({ file: entry, line: 0, column: 0 }, message)],
    });
  }
  const exception = thrown.exec(failure.engineOutput);
  if (exception?.[1] === undefined) {
    return new BuildError('componentize', {
      message: `componentize-js failed: ${failure.message.trim()}`,
      fix: 'If the message does not say what to change, report it with the code that caused it.',
    });
  }
  return thrownError(where, exception[1], failure.engineOutput);
}

function thrownError(where: Where, exception: string, engineOutput: string): BuildError {
  const { projectDir, entry } = where;
  // `tool.js:5:9 Error: boom`
  const message = exception.replace(new RegExp(`^\\s*${bundleName}:\\d+:\\d+ `), '').trim();
  if (message.includes('The default export is not a tool')) {
    const place = exportDefault(projectDir, entry);
    return new BuildError('not-a-tool', {
      message: `The default export of ${entry} is not a tool.`,
      fix: `Let ${entry} say: export default kamiTool({ … });`,
      diagnostics: [
        withFrame(projectDir, at(place, 'The default export must be what kamiTool({ … }) returns.')),
      ],
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
    fix: isDefinition ? `Correct ${position}.` : `Correct ${position}. ${moveIt}`,
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
