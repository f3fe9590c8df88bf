import { isAbsolute, relative, resolve } from 'node:path';

/** Whether one absolute path is the other or below it, by its text alone: links are not followed. */
export function isWithin(inner: string, outer: string): boolean {
  const way = relative(resolve(outer), resolve(inner));
  return way === '' || (!isAbsolute(way) && way !== '..' && !/^\.\.[\\/]/.test(way));
}
