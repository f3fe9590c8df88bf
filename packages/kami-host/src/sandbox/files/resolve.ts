import { readlink } from 'node:fs/promises';
import { errnoOf, fail } from './file-error.ts';
import type { Held } from './held.ts';
import { type PathNames, parsePath } from './path-names.ts';

/** As many as Linux follows in one path. */
const mostLinks = 40;
/** Folders that are held at the same time while a path is resolved. */
const mostDepth = 128;
/** Names looked up for one path, those of its links included. */
const mostSteps = 1_024;

/** Where a path leads. */
export interface Place {
  readonly dir: Held;
  /** Its name in `dir`; none if the path is `dir` itself, such as `.`. */
  readonly name: string | undefined;
  /** What is there now, if anything is. Released with the place. */
  readonly entry: Held | undefined;
  /** The path, or a link it went through at its end, says that it must be a folder. */
  readonly directory: boolean;
}

/**
 * Resolves a path beneath a folder, name by name, and does something with the place it leads to. A link is read
 * and resolved like the path itself, so none leads out: not by an absolute target, not by `..`, which goes back
 * to the folder that was gone through and never past `base`.
 * @param follow whether a link in last place is followed
 * @throws HostCallError `not-permitted` for a way out, `loop`, `no-entry`, `not-directory`, `name-too-long`;
 *   errors of the operating system as they come
 */
export async function withPlace<T>(
  base: Held,
  path: PathNames,
  follow: boolean,
  work: (place: Place) => Promise<T>,
): Promise<T> {
  const opened = new Set<Held>();
  try {
    return await work(await walk(base, path, follow, opened));
  } finally {
    await Promise.all([...opened].map((held) => held.release()));
  }
}

async function walk(base: Held, path: PathNames, follow: boolean, opened: Set<Held>): Promise<Place> {
  const way = [base];
  const rest = path.names.toReversed();
  let { directory } = path;
  let links = 0;
  for (let steps = 0; steps < mostSteps; steps++) {
    const dir = way.at(-1) as Held;
    const name = rest.pop();
    if (name === undefined) return { dir, name, entry: dir, directory };
    // Ends a path, or what a link holds: the folder before it has been gone into.
    if (name === '.') continue;
    if (name === '..') {
      if (way.length === 1) fail('not-permitted');
      way.pop();
      await release(dir, opened);
      continue;
    }
    const last = rest.length === 0;
    const entry = await lookup(dir, name, last);
    if (entry === undefined) {
      if (!last) fail('no-entry');
      return { dir, name, entry, directory };
    }
    opened.add(entry);
    if (entry.type === 'symbolic-link' && (follow || !last)) {
      links += 1;
      if (links > mostLinks) fail('loop');
      const target = await readTarget(dir, name);
      await release(entry, opened);
      // A name that stopped being a link in between is looked up again, as one link more.
      const next = target === undefined ? { names: [name], directory: false } : parsePath(target);
      if (last) directory ||= next.directory;
      rest.push(...next.names.toReversed());
    } else if (last) {
      return { dir, name, entry, directory };
    } else {
      if (entry.type !== 'directory') fail('not-directory');
      if (way.length >= mostDepth) break;
      way.push(entry);
    }
  }
  return fail('name-too-long');
}

async function release(held: Held, opened: Set<Held>): Promise<void> {
  opened.delete(held);
  await held.release();
}

async function lookup(dir: Held, name: string, last: boolean): Promise<Held | undefined> {
  try {
    return await dir.lookup(name, last ? undefined : 'directory');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What a link holds, or nothing if the name is no link any more. */
async function readTarget(dir: Held, name: string): Promise<string | undefined> {
  try {
    return await dir.at(name, (path) => readlink(path));
  } catch (error) {
    if (errnoOf(error) === 'EINVAL' || errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
