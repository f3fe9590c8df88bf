import type { Refusal } from '../../model/capability.ts';
import type { Limits } from '../../model/limits.ts';
import type { LogLine, LogLineLevel } from '../../model/log-line.ts';
import type { HostChannel } from '../host-call/channel.ts';
import type { HandleBudget } from './handles.ts';

/** What the WASI interfaces of one call share: made for the call, gone with it. */
export interface CallState {
  readonly clock: CallClock;
  readonly log: CallLog;
  readonly refusals: RefusalRecord;
  readonly handles: HandleBudget;
  /** The way to what the host does for a guest; undefined where there is no host to ask. */
  readonly host: HostChannel | undefined;
}

/** Monotonic time of one call, ns since its start, in steps of 1 ms: too coarse to time the host with. */
export class CallClock {
  readonly #start = performance.now();

  now(): bigint {
    return BigInt(Math.floor(performance.now() - this.#start)) * 1_000_000n;
  }

  static readonly resolution = 1_000_000n;
}

/** The log of one call, bounded in lines and in the length of a line. */
export class CallLog {
  readonly #limits: Pick<Limits, 'maxLogLines' | 'maxLogLineLength'>;
  readonly #write: (line: LogLine) => void;
  #lines = 0;

  constructor(limits: Pick<Limits, 'maxLogLines' | 'maxLogLineLength'>, write: (line: LogLine) => void) {
    this.#limits = limits;
    this.#write = write;
  }

  add(level: LogLineLevel, message: string): void {
    this.#lines += 1;
    if (this.#lines > this.#limits.maxLogLines) return;
    const { maxLogLineLength } = this.#limits;
    const cut = message.length > maxLogLineLength ? `${message.slice(0, maxLogLineLength)}… (cut)` : message;
    this.#write({ level, message: cut });
  }

  /** Says how many lines were dropped, if any were. Called once, when the call ends. */
  close(): void {
    const dropped = this.#lines - this.#limits.maxLogLines;
    if (dropped > 0) {
      this.#write({ level: 'warn', message: `${dropped} more log lines of this call were dropped` });
    }
  }
}

const maxSubjects = 64;
const maxSubjectLength = 300;

/** Collects what the sandbox refused in one call, each subject once. */
export class RefusalRecord {
  readonly #counts = new Map<string, { capability: Refusal['capability']; subject: string; count: number }>();

  note(capability: Refusal['capability'], subject: string): void {
    const cut = subject.slice(0, maxSubjectLength);
    const key = `${capability} ${cut}`;
    const known = this.#counts.get(key);
    if (known !== undefined) known.count += 1;
    else if (this.#counts.size < maxSubjects) this.#counts.set(key, { capability, subject: cut, count: 1 });
  }

  list(): readonly Refusal[] {
    return [...this.#counts.values()];
  }
}
