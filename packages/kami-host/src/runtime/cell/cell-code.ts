import { fileURLToPath } from 'node:url';
import { isBundled, siblingModule } from '../../model/sibling-module.ts';

/** What Node must read to run a cell: the bundle's folder, or in a checkout the sources and their packages. */
export function readablePaths(): readonly string[] {
  const src = siblingModule('index');
  const places = isBundled
    ? ['.']
    : ['.', '../package.json', '../node_modules', '../../../node_modules', '../../../package.json'];
  return places.map((place) => fileURLToPath(new URL(place, src)));
}
