import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, relative, resolve, sep } from 'node:path';

/** A place in a source file; line and column from 1. */
export interface Position {
  /** Relative to the project, with forward slashes. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type MapPosition = (line: number, column: number) => Position | undefined;

export function projectPath(projectDir: string, path: string): string {
  return relative(projectDir, path).replaceAll(sep, '/');
}

/** Whether a path that is relative to the project is the author's, and not an installed package's. */
export function isOwnFile(file: string): boolean {
  return !file.split('/').includes('node_modules');
}

/** A function from places in the bundle (line and column from 1) to places in the sources. */
export function createMapPosition(projectDir: string, bundleFile: string, map: string): MapPosition {
  const sourceMap = new SourceMap(JSON.parse(map) as SourceMapPayload);
  return (line, column) => {
    const entry = sourceMap.findEntry(line - 1, column - 1);
    if (!('originalSource' in entry)) return undefined;
    return {
      file: projectPath(projectDir, resolve(dirname(bundleFile), entry.originalSource)),
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
    };
  };
}
