import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Registry } from './open-registry.ts';

/** Notices changes of tools, grants and secrets, by whichever process. Costs nothing while nobody listens. */
export interface RegistryWatch {
  /**
   * Calls `listener` soon after a change that comes from now on; once for many that come together.
   * @returns ends it; ending it again does nothing
   */
  subscribe(listener: () => void): () => void;
  /** Ends it for all. */
  close(): void;
}

export interface RegistryWatchOptions {
  /** Between two looks at the counter when the file system says nothing, ms. Default 5000. */
  readonly pollMs?: number;
}

/** Writes that follow each other faster belong together, ms. */
const quietMs = 100;
/** The longest that a change waits for the end of others, ms. */
const patienceMs = 1_000;

/**
 * Watches the folder of the database: a commit goes to its write-ahead log, which comes and goes with connections. What
 * the file system says is only a reason to look at the change counter; where it says nothing (a network drive, no
 * watches left) a slow poll does the same. Neither keeps the process alive.
 */
export function createRegistryWatch(
  registry: Pick<Registry, 'path' | 'changeCounter'>,
  { pollMs = 5_000 }: RegistryWatchOptions = {},
): RegistryWatch {
  const listeners = new Set<() => void>();
  let counter: number | undefined;
  let stop: (() => void) | undefined;

  /** Undefined when it can't be read: whoever next uses the registry says why, and here it is looked at again. */
  function read(): number | undefined {
    try {
      return registry.changeCounter();
    } catch {
      return undefined;
    }
  }

  function look(): void {
    const now = read();
    if (now === undefined || now === counter) return;
    counter = now;
    for (const listener of [...listeners]) listener();
  }

  function start(): () => void {
    counter = read();
    const soon = createDebounce(look);
    const watcher = watchFolder(registry.path, soon.trigger);
    const poll = setInterval(look, pollMs).unref();
    return () => {
      watcher?.close();
      soon.cancel();
      clearInterval(poll);
    };
  }

  function end(): void {
    stop?.();
    stop = undefined;
  }

  return {
    subscribe(listener) {
      // The same function twice is two listeners.
      const own = () => listener();
      stop ??= start();
      listeners.add(own);
      return () => {
        if (listeners.delete(own) && listeners.size === 0) end();
      };
    },
    close() {
      listeners.clear();
      end();
    },
  };
}

/** Undefined where folders can't be watched. */
function watchFolder(path: string, onEvent: () => void): FSWatcher | undefined {
  const name = basename(path);
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_event, file) => {
      if (file === null || file.startsWith(name)) onEvent();
    });
    // A watch that breaks later, such as by the end of its folder, leaves the poll.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

function createDebounce(work: () => void): { readonly trigger: () => void; readonly cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let firstAt = 0;

  function run(): void {
    timer = undefined;
    work();
  }

  return {
    trigger() {
      const now = performance.now();
      if (timer === undefined) firstAt = now;
      clearTimeout(timer);
      timer = setTimeout(run, Math.min(quietMs, Math.max(0, firstAt + patienceMs - now))).unref();
    },
    cancel: () => clearTimeout(timer),
  };
}
