import { randomBytes } from 'node:crypto';
import type { Dir } from 'node:fs';
import type { Refusal } from '../../model/capability.ts';
import { fail } from './file-error.ts';
import type { FileGrant, FileLimits, FileMount } from './file-grant.ts';
import type { Held, HeldFile, HoldRoot } from './held.ts';
import { holdLinuxRoot } from './linux-held.ts';
import { type PathNames, parsePath } from './path-names.ts';
import { holdPortableRoot } from './portable-held.ts';
import { entryFacts, type Ledger, LedgerBook } from './quota.ts';
import { type Place, withPlace } from './resolve.ts';

/** What all calls of a control process share. */
export class SharedFiles {
  readonly ledgers = new LedgerBook();
  readonly #maxOpen: number;
  #open = 0;
  #relinking: Promise<unknown> = Promise.resolve();

  /** @param maxOpen handles of all calls together. Each takes up to three file descriptors of this process. */
  constructor(maxOpen = 512) {
    this.#maxOpen = maxOpen;
  }

  /** @throws HostCallError `insufficient-memory`, which is what WASI has for it */
  take(): void {
    if (this.#open >= this.#maxOpen) fail('insufficient-memory', 'too many open files');
    this.#open += 1;
  }

  giveBack(): void {
    this.#open -= 1;
  }

  /** Moves things and makes links, one at a time in all mounts: a link is judged by where it is then. */
  async relink<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#relinking.then(work);
    this.#relinking = turn.catch(() => undefined);
    return turn;
  }
}

export interface FilesDeps {
  readonly shared: SharedFiles;
  /** Told of what was refused for want of a grant, in the guest's words. */
  readonly onRefusal?: (capability: Refusal['capability'], subject: string) => void;
  /** Told once a mount and kind of access what the call made use of. */
  readonly onUse?: (guestPath: string, access: 'read' | 'write') => void;
  /** For tests of the way of platforms other than this one. */
  readonly holdRoot?: HoldRoot;
}

export interface OpenMount {
  readonly mount: FileMount;
  readonly root: Held;
  /** Only where there is a quota. */
  readonly ledger: Ledger | undefined;
}

interface Thing {
  readonly on: OpenMount;
  /** The path that it was opened by, for refusals. */
  readonly label: string;
}

export interface OpenDirectory extends Thing {
  readonly kind: 'directory';
  readonly held: Held;
}

export interface OpenedFile extends Thing {
  readonly kind: 'file';
  readonly held: HeldFile;
  readonly read: boolean;
  readonly write: boolean;
  /** In the ledger. */
  readonly key: string;
  /** Opened when the guest first appends, so that appending is one step for all processes. */
  appending: HeldFile | undefined;
}

interface OpenListing extends Thing {
  readonly kind: 'listing';
  readonly dir: Dir;
}

type OpenThing = OpenDirectory | OpenedFile | OpenListing;

const holdRootHere: HoldRoot = process.platform === 'linux' ? holdLinuxRoot : holdPortableRoot;

/** What one call has open, under its grant. Requests are performed one after another, so nothing here races. */
export class FileCall {
  readonly limits: FileLimits;
  readonly salt = randomBytes(32);
  readonly #grant: FileGrant;
  readonly #deps: FilesDeps;
  readonly #open = new Map<number, OpenThing>();
  readonly #used = new Set<string>();
  #roots: readonly OpenMount[] | undefined;
  #lastHandle = 0;

  constructor(grant: FileGrant, deps: FilesDeps) {
    this.#grant = grant;
    this.#deps = deps;
    this.limits = grant.limits;
  }

  /** The granted folders. One that is not there is left out, and told as a refusal. */
  async roots(): Promise<readonly OpenMount[]> {
    if (this.#roots !== undefined) return this.#roots;
    const roots: OpenMount[] = [];
    this.#roots = roots;
    for (const mount of this.#grant.mounts) {
      try {
        const root = await this.#holdRoot(mount);
        const counted = mount.quota !== undefined && mount.access === 'read-write';
        roots.push({ mount, root, ledger: counted ? await this.#deps.shared.ledgers.of(root) : undefined });
      } catch {
        this.refused(`${mount.guestPath} (the folder behind it can't be opened)`);
      }
    }
    return roots;
  }

  /** What was granted is this folder, and not what a link that somebody put in its place leads to. */
  async #holdRoot({ hostPath }: FileMount): Promise<Held> {
    const root = await (this.#deps.holdRoot ?? holdRootHere)(hostPath);
    if ((await root.position()) === hostPath) return root;
    await root.release();
    return fail('not-permitted', 'another folder is in its place');
  }

  add(thing: OpenThing): number {
    this.#lastHandle += 1;
    this.#open.set(this.#lastHandle, thing);
    return this.#lastHandle;
  }

  /**
   * Makes room for one thing more, opens it and keeps it.
   * @throws HostCallError `insufficient-memory`
   */
  async keep(open: () => Promise<OpenThing>): Promise<number> {
    if (this.#open.size >= this.limits.maxOpen) fail('insufficient-memory', 'too many open files');
    this.#deps.shared.take();
    try {
      return this.add(await open());
    } catch (error) {
      this.#deps.shared.giveBack();
      throw error;
    }
  }

  directory(handle: number): OpenDirectory {
    const thing = this.#open.get(handle);
    if (thing?.kind === 'file') fail('not-directory');
    return thing?.kind === 'directory' ? thing : fail('bad-descriptor');
  }

  file(handle: number): OpenedFile {
    const thing = this.#open.get(handle);
    return thing?.kind === 'file' ? thing : fail('bad-descriptor');
  }

  descriptor(handle: number): OpenDirectory | OpenedFile {
    const thing = this.#open.get(handle);
    return thing === undefined || thing.kind === 'listing' ? fail('bad-descriptor') : thing;
  }

  listing(handle: number): OpenListing {
    const thing = this.#open.get(handle);
    return thing?.kind === 'listing' ? thing : fail('bad-descriptor');
  }

  /** @throws HostCallError `read-only` where the operator granted no writing */
  writable(thing: Pick<Thing, 'on'>): void {
    if (thing.on.mount.access !== 'read-write') fail('read-only');
    this.#use(thing.on.mount, 'write');
  }

  /** Resolves a path beneath an open folder and does something there. */
  place<T>(
    dir: OpenDirectory,
    path: string,
    follow: boolean,
    work: (place: Place, parsed: PathNames) => Promise<T>,
  ): Promise<T> {
    this.#use(dir.on.mount, 'read');
    const parsed = parsePath(path);
    return withPlace(dir.held, parsed, follow, (place) => work(place, parsed));
  }

  /**
   * Does something that changes what lies in a mount, while nothing else in this process changes it.
   * @param work gets the ledger and the quota where there is one
   */
  change<T>(
    { root, ledger, mount: { quota } }: OpenMount,
    work: (accounts: Accounts | undefined) => Promise<T>,
  ): Promise<T> {
    if (ledger === undefined || quota === undefined) return work(undefined);
    return ledger.exclusive(root, () =>
      work({
        check: (growth) => ledger.check(quota, growth),
        addEntries: (count) => ledger.addEntries(count),
        measure: (file) => ledger.measure(file),
        removed: (entry) => ledger.removed(entry),
      }),
    );
  }

  /** As `change`, for what moves links or makes them. */
  relink<T>(on: OpenMount, work: (accounts: Accounts | undefined) => Promise<T>): Promise<T> {
    return this.#deps.shared.relink(() => this.change(on, work));
  }

  async close(handle: number): Promise<void> {
    const thing = this.#open.get(handle) ?? fail('bad-descriptor');
    this.#open.delete(handle);
    this.#deps.shared.giveBack();
    await release(thing);
  }

  async closeAll(): Promise<void> {
    for (const handle of [...this.#open.keys()]) await this.close(handle).catch(() => undefined);
    for (const { root } of this.#roots ?? []) await root.release().catch(() => undefined);
  }

  refused(subject: string): void {
    this.#deps.onRefusal?.('file-system', subject);
  }

  /** What a handle was opened by; for refusals. */
  label(handle: unknown): string {
    return (typeof handle === 'number' ? this.#open.get(handle)?.label : undefined) ?? '?';
  }

  #use(mount: FileMount, access: 'read' | 'write'): void {
    const key = `${access} ${mount.guestPath}`;
    if (this.#used.has(key)) return;
    this.#used.add(key);
    this.#deps.onUse?.(mount.guestPath, access);
  }
}

/** The quota of the mount that is being changed. */
export interface Accounts {
  /** @throws HostCallError `quota` */
  check(growth: { readonly bytes?: bigint; readonly entries?: number }): void;
  addEntries(count: number): void;
  measure(file: Held): Promise<void>;
  removed: Ledger['removed'];
}

/** Takes note of a file that is now open; releases it if that fails. */
export async function openedFile(
  on: OpenMount,
  held: HeldFile,
  rest: Pick<OpenedFile, 'label' | 'read' | 'write'>,
): Promise<OpenedFile> {
  try {
    const { key } = await entryFacts(held);
    on.ledger?.opened(key);
    return { kind: 'file', on, held, key, appending: undefined, ...rest };
  } catch (error) {
    await held.release();
    throw error;
  }
}

async function release(thing: OpenThing): Promise<void> {
  if (thing.kind === 'listing') return thing.dir.close();
  if (thing.kind === 'file') {
    await thing.appending?.release();
    await thing.held.release();
    thing.on.ledger?.closed(thing.key);
    return;
  }
  return thing.held.release();
}
