/** Mends what StarlingMonkey gets wrong. To be called before the author's module is evaluated. */
export function fixEngine(): void {
  // Its own leaves the exception behind even when it is caught, and the call ends in a trap.
  AbortSignal.prototype.throwIfAborted = function () {
    if (this.aborted) throw this.reason;
  };
}
