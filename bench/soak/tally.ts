/** How often something was asked, and what came of it. */
interface Count {
  asked: number;
  answered: number;
  wrong: number;
}

/** Everything that was asked, and all that must not have happened. */
export interface Tally {
  readonly counts: ReadonlyMap<string, Readonly<Count>>;
  readonly violations: readonly string[];
  readonly violate: (what: string) => void;
  /** Does one thing of a kind. It counts as answered when it has ended, and as wrong when it threw. */
  readonly count: (kind: string, work: () => Promise<void>) => Promise<void>;
}

/** More of them would hide the first. */
const maxViolations = 100;

export function createTally(): Tally {
  const counts = new Map<string, Count>();
  const violations: string[] = [];
  const violate = (what: string): void => {
    if (violations.length < maxViolations) violations.push(what);
  };
  return {
    counts,
    violations,
    violate,
    async count(kind, work) {
      const count = counts.get(kind) ?? { asked: 0, answered: 0, wrong: 0 };
      counts.set(kind, count);
      count.asked++;
      try {
        await work();
      } catch (error) {
        count.wrong++;
        violate(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
      }
      count.answered++;
    },
  };
}

/** @throws Error when a value is not what it must be, compared as JSON */
export function expectSame(given: unknown, wanted: unknown): void {
  const [is, must] = [JSON.stringify(given), JSON.stringify(wanted)];
  if (is !== must) throw new Error(`${is} instead of ${must}`);
}
