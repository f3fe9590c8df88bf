import { editDistance } from '../model/toml/suggest.ts';

/**
 * Installed ids that a person could mistake `id` for: the same but for look-alike characters and hyphens,
 * or from a publisher whose name differs by one letter.
 */
export function findLookAlikes(id: string, installed: readonly string[]): readonly string[] {
  const shape = shapeOf(id);
  const publisher = publisherOf(id);
  return installed.filter((other) => {
    if (other === id) return false;
    return shapeOf(other) === shape || editDistance(publisherOf(other), publisher) === 1;
  });
}

/** Equal for texts that look alike in common fonts. */
function shapeOf(id: string): string {
  return id
    .replaceAll('-', '')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll('cl', 'd')
    .replace(/[1i]/g, 'l')
    .replaceAll('0', 'o')
    .replaceAll('5', 's');
}

function publisherOf(id: string): string {
  return id.slice(0, id.lastIndexOf('.'));
}
