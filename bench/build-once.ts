import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Fills a folder, unless it was filled from the same ingredients before. What failed half-way is made anew.
 * @param ingredients all that the content depends on
 */
export async function buildOnce(
  folder: string,
  ingredients: readonly (string | Buffer)[],
  build: () => void | Promise<void>,
): Promise<void> {
  const hash = createHash('sha256');
  for (const one of ingredients) hash.update(createHash('sha256').update(one).digest());
  const wanted = hash.digest('hex');
  const stamp = path.join(folder, '.made-of');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build();
  writeFileSync(stamp, wanted);
}
