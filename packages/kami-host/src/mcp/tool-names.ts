import { createHash } from 'node:crypto';
import type { ToolId } from '../model/ids.ts';

const maxNameLength = 64;
const hashLength = 10;

/**
 * The name under which clients see a tool: its id with `_` for `.`, so `dev.example.echo` is `dev_example_echo`.
 * It depends on nothing but the id: installing another tool never renames one. Parts of an id are not empty and
 * have no `_`, so no two ids share a name; a long one ends in `__` and a hash, which no short one contains.
 */
export function publishedName(id: ToolId): string {
  const name = id.replaceAll('.', '_');
  if (name.length <= maxNameLength) return name;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, hashLength);
  return `${name.slice(0, maxNameLength - hashLength - 2)}__${hash}`;
}
