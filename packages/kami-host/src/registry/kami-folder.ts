import { basename, dirname, join } from 'node:path';
import type { ToolId } from '../model/ids.ts';

/**
 * The folder of everything that belongs to the registry at `registryPath`: the folder of a `registry.db`, else one
 * of its own beside the file. Two registries never share one, because a sweep for one would remove what only the
 * other refers to.
 */
export function kamiFolder(registryPath: string): string {
  return basename(registryPath) === 'registry.db' ? dirname(registryPath) : `${registryPath}.files`;
}

/** Where the private folders of all tools are. */
export function privateFoldersOf(registryPath: string): string {
  return join(kamiFolder(registryPath), 'private');
}

/** The private folder of a tool that is granted `fs=sandbox`. Made when it is first used. */
export function privateFolder(registryPath: string, id: ToolId): string {
  return join(privateFoldersOf(registryPath), id);
}
