/** A signal that follows others, until it is let go. */
export interface JointSignal {
  readonly signal: AbortSignal;
  /** Ends the following: nothing of it stays with signals that live longer. */
  readonly release: () => void;
}

/**
 * A signal that is aborted when one of the others is. `AbortSignal.any` would do, but leaves something with each of
 * them until garbage is collected, for every call.
 */
export function jointSignal(...others: readonly AbortSignal[]): JointSignal {
  const controller = new AbortController();
  const follow = (event: Event) => controller.abort((event.target as AbortSignal).reason);
  for (const other of others) {
    if (other.aborted) controller.abort(other.reason);
    else other.addEventListener('abort', follow, { once: true });
  }
  return {
    signal: controller.signal,
    release() {
      for (const other of others) other.removeEventListener('abort', follow);
    },
  };
}
