import type { BuildFailure, Message } from 'esbuild';
import { BuildError } from './build-error.ts';
import { type Diagnostic, withFrame } from './diagnostic.ts';
import { entryName } from './module-names.ts';
import { isNodeModule, nodeModuleAlternative } from './node-modules.ts';
import { isOwnFile } from './source-positions.ts';

interface Where {
  readonly projectDir: string;
  readonly entry: string;
}

const unresolved = /^Could not resolve "(.+)"$/;

/** A message of esbuild as a diagnostic. */
export function toDiagnostic(
  projectDir: string,
  message: Message,
  severity: Diagnostic['severity'],
): Diagnostic {
  const { location, text } = message;
  if (location === null) return { file: '', line: 0, column: 0, message: text, severity };
  // esbuild counts columns in bytes.
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString();
  const place = { file: location.file, line: location.line, column: before.length + 1 };
  return withFrame(projectDir, { ...place, message: text, severity });
}

/** What kept esbuild from bundling, for the author of the code. */
export function bundleError({ projectDir, entry }: Where, failure: BuildFailure): BuildError {
  const diagnostics = failure.errors.map((message) => {
    const diagnostic = toDiagnostic(projectDir, message, 'error');
    const specifier = unresolved.exec(message.text)?.[1];
    return specifier === undefined ? diagnostic : { ...diagnostic, message: explainImport(specifier) };
  });
  const noDefault = failure.errors.some(
    ({ location, text }) => location?.file === entryName && text.endsWith('for import "default"'),
  );
  if (noDefault) {
    return new BuildError('not-a-tool', {
      message: `${entry} has no default export.`,
      fix: `Let ${entry} say: export default kamiTool({ … });`,
      diagnostics: [
        { file: entry, line: 0, column: 0, message: 'There is no default export.', severity: 'error' },
      ],
    });
  }
  const specifiers = failure.errors.flatMap(({ text }) => unresolved.exec(text)?.[1] ?? []);
  const nodeModule = specifiers.find(isNodeModule);
  const first = diagnostics[0];
  const at = first === undefined || first.file === '' ? entry : `${first.file}:${first.line}`;
  if (nodeModule !== undefined) {
    const index = failure.errors.findIndex(({ text }) => unresolved.exec(text)?.[1] === nodeModule);
    const from = diagnostics[index] ?? first;
    return new BuildError('node-builtin', {
      message: `${from?.file}:${from?.line} imports "${nodeModule}", a module of Node. A tool runs in a sandbox without Node.`,
      fix: nodeModuleFix(nodeModule, from?.file ?? entry),
      diagnostics,
    });
  }
  const missing = specifiers.find((specifier) => packageName(specifier) !== undefined);
  return new BuildError('bundle', {
    message: `${entry} can't be bundled: ${first?.message ?? failure.message} (${at})`,
    fix: missing === undefined ? `Correct ${at}.` : `npm install ${packageName(missing)}`,
    diagnostics,
  });
}

function explainImport(specifier: string): string {
  if (isNodeModule(specifier)) return `"${specifier}" is a module of Node; a tool runs without Node.`;
  const name = packageName(specifier);
  return name === undefined
    ? `The file "${specifier}" does not exist.`
    : `The package "${name}" is not installed.`;
}

function nodeModuleFix(specifier: string, importer: string): string {
  const alternative = nodeModuleAlternative(specifier);
  const use =
    alternative === undefined ? 'There is nothing like it in a tool; do without it.' : `Use ${alternative}.`;
  if (isOwnFile(importer)) return use;
  return `The package that holds ${importer} needs Node. Choose one that also runs in browsers. ${use}`;
}

/** The npm package of an import; undefined for a path. */
function packageName(specifier: string): string | undefined {
  if (/^[./#]|^[a-z]+:/i.test(specifier)) return undefined;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
