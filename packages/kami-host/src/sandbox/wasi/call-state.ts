import type { Refusal } from '../../model/capability.ts';
import type { Limits } from '../../model/limits.ts';
import type { LogLine, LogLineLevel } from '../../model/log-line.ts';
import type { HostChannel } from '../host-call/channel.ts';
import type { GuestView } from '../protocol.ts';
import type { HandleBudget } from './handles.ts';

/** What the WASI interfaces of one call share: made for the call, gone with it. */
export interface CallState {
  readonly clock: CallClock;
  readonly log: CallLog;
  readonly refusals: RefusalRecord;
  readonly handles: HandleBudget;
  /** Asked when the guest asks: an instance may be made before the call is known. */
  readonly environment: () => GuestView['environment'];
  /** The way to what the host does for a guest; undefined where there is no host to ask. */
  readonly host: HostChannel | undefined;
}

/** What the guest's clocks show. Coarse ones tick too slowly to time the host with. */
export class CallClock {
  #start = performance.now();
  /** ns between two ticks. */
  readonly resolution: bigint;
  #wasRead = false;

  constructor(precision: 'coarse' | 'fine') {
    this.resolution = precision === 'coarse' ? 1_000_000n : 1_000n;
  }

  /** The call begins. */
  start(): void {
    this.#start = performance.now();
  }

  /** ns since the call began. */
  now(): bigint {
    this.#wasRead = true;
    return this.#tick(performance.now() - this.#start);
  }

  /** ns since 1970, of the host's clock. */
  today(): bigint {
    this.#wasRead = true;
    return this.#tick(performance.timeOrigin + performance.now());
  }

  /** Whether the guest looked at it. */
  get wasRead(): boolean {
    return this.#wasRead;
  }

  #tick(ms: number): bigint {
    const ns = BigInt(Math.floor(ms * 1_000)) * 1_000n;
    return ns - (ns % this.resolution);
  }
}

/** The log of one call, bounded in lines and in the length of a line. */
export class CallLog {
  readonly #limits: Pick<Limits, 'maxLogLines' | 'maxLogLineLength'>;
  readonly #write: (line: LogLine) => void;
  readonly #unfinished: (() => void)[] = [];
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

  /** Something that may hold the beginning of a line, and that writes it when the call ends. */
  atEnd(writeRest: () => void): void {
    this.#unfinished.push(writeRest);
  }

  /** Writes what is left, and how many lines were dropped, if any were. Called once, when the call ends. */
  close(): void {
    for (const writeRest of this.#unfinished) writeRest();
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
