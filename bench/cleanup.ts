// What must not outlive the run: processes, servers, folders. Undone in reverse order, on Ctrl-C and failure too.
type Undo = () => void | Promise<void>;

const pending = new Set<Undo>();

/**
 * Has `undo` called at the end, unless it is taken back before.
 * @returns takes it back
 */
export function atEnd(undo: Undo): () => void {
  pending.add(undo);
  return () => void pending.delete(undo);
}

export async function cleanUp(): Promise<void> {
  for (const undo of [...pending].reverse()) {
    pending.delete(undo);
    try {
      await undo();
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
    }
  }
}

export function cleanUpOnSignals(): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => void cleanUp().finally(() => process.exit(code)));
  }
}
