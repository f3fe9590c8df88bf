import type { Database } from 'better-sqlite3';
import type { Refusal } from '../model/capability.ts';
import { isLockError } from './sqlite-errors.ts';

/** Notes are written when this much time has passed since the last writing, or this many have come together. */
const flushAfterMs = 5_000;
const maxGathered = 256;
/** "Last used" is exact to this. */
const resolutionMs = 60_000;
const keptRefusals = 50;
const maxSubjectLength = 300;

interface GatheredRefusal {
  readonly id: string;
  readonly capability: Refusal['capability'];
  readonly subject: string;
  count: number;
  at: number;
}

export interface GrantNotes {
  use(id: string, item: string, at: Date): void;
  refusal(id: string, refusal: Refusal, at: Date): void;
  flush(): void;
}

/** Gathers in memory what calls used and were refused, and writes it to the registry now and then. */
export function createGrantNotes(db: Database): GrantNotes {
  const uses = new Map<string, { readonly id: string; readonly item: string; readonly at: number }>();
  const refusals = new Map<string, GatheredRefusal>();
  /** When a use was last written, by tool and item. */
  const written = new Map<string, number>();
  let lastFlush = Number.NEGATIVE_INFINITY;

  // A tool may be gone by the time a note is written: then nothing is.
  const writeUse = db.prepare<[{ id: string; item: string; at: string }]>(
    `INSERT INTO grant_uses (tool_id, item, last_used)
     SELECT @id, @item, @at WHERE EXISTS (SELECT 1 FROM tools WHERE id = @id)
     ON CONFLICT DO UPDATE SET last_used = max(last_used, excluded.last_used)`,
  );
  const writeRefusal = db.prepare<[Omit<GatheredRefusal, 'at'> & { at: string }]>(
    `INSERT INTO refusals (tool_id, capability, subject, count, last_at)
     SELECT @id, @capability, @subject, @count, @at WHERE EXISTS (SELECT 1 FROM tools WHERE id = @id)
     ON CONFLICT DO UPDATE SET count = count + excluded.count, last_at = max(last_at, excluded.last_at)`,
  );
  const forgetRefusals = db.prepare<[{ id: string }]>(
    `DELETE FROM refusals WHERE tool_id = @id AND rowid NOT IN
     (SELECT rowid FROM refusals WHERE tool_id = @id ORDER BY last_at DESC, rowid DESC LIMIT ${keptRefusals})`,
  );

  function write(): void {
    for (const { id, item, at } of uses.values()) writeUse.run({ id, item, at: isoTime(at) });
    const tools = new Set<string>();
    for (const refusal of refusals.values()) {
      writeRefusal.run({ ...refusal, at: isoTime(refusal.at) });
      tools.add(refusal.id);
    }
    for (const id of tools) forgetRefusals.run({ id });
  }

  function flush(): void {
    if (db.readonly || !db.open || (uses.size === 0 && refusals.size === 0)) return;
    const timeout = db.pragma('busy_timeout', { simple: true });
    // A call must not wait for another process because of a note.
    db.pragma('busy_timeout = 0');
    try {
      db.transaction(write).immediate();
    } catch (error) {
      if (!isLockError(error)) throw error;
      return;
    } finally {
      db.pragma(`busy_timeout = ${timeout}`);
    }
    for (const [key, { at }] of uses) written.set(key, at);
    uses.clear();
    refusals.clear();
    if (written.size > maxGathered * 16) written.clear();
  }

  function flushInTime(at: number): void {
    if (Math.abs(at - lastFlush) < flushAfterMs && uses.size + refusals.size < maxGathered) return;
    lastFlush = at;
    flush();
    // Where another process has held the lock for long, old notes are worth less than the memory.
    if (uses.size + refusals.size > maxGathered * 4) [uses, refusals].forEach((notes) => void notes.clear());
  }

  return {
    flush,
    use(id, item, date) {
      const key = `${id} ${item}`;
      const at = date.getTime();
      if (at - (written.get(key) ?? Number.NEGATIVE_INFINITY) < resolutionMs) return;
      uses.set(key, { id, item, at });
      flushInTime(at);
    },
    refusal(id, { capability, subject, count }, date) {
      const at = date.getTime();
      const text = subject.slice(0, maxSubjectLength);
      const key = `${id} ${capability} ${text}`;
      const known = refusals.get(key);
      if (known === undefined) refusals.set(key, { id, capability, subject: text, count, at });
      else {
        known.count += count;
        known.at = at;
      }
      flushInTime(at);
    },
  };
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
