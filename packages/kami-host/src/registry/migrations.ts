import type { Database } from 'better-sqlite3';
import { KamiError } from '../errors/kami-error.ts';
import { corruptRegistry } from './sqlite-errors.ts';

/** Marks a SQLite file as a KAMI registry (`PRAGMA application_id`): the letters KAMI. */
const applicationId = 0x4b414d49;

/**
 * The steps that bring a registry from schema version n to n + 1. A step that has been released is never
 * edited: a change of the schema is a new step.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE tools (
    id                TEXT PRIMARY KEY NOT NULL,
    name              TEXT NOT NULL,
    version           TEXT NOT NULL,
    description       TEXT NOT NULL,
    artifact_sha256   TEXT NOT NULL,
    artifact_size     INTEGER NOT NULL,
    source_kind       TEXT NOT NULL,
    source_path       TEXT NOT NULL,
    enabled           INTEGER NOT NULL,
    request           TEXT NOT NULL,
    max_memory_mb     INTEGER NOT NULL,
    timeout_ms        INTEGER NOT NULL,
    max_fuel          INTEGER,
    arguments         TEXT NOT NULL,
    input_schema      TEXT NOT NULL,
    output_schema     TEXT,
    annotations       TEXT NOT NULL,
    convention        TEXT NOT NULL,
    sdk               TEXT,
    installed_at      TEXT NOT NULL,
    updated_at        TEXT NOT NULL,
    pinned_version    TEXT,
    signature         TEXT,
    signer_public_key TEXT
  ) STRICT;
  CREATE INDEX tools_by_artifact ON tools (artifact_sha256);
  `,
  // What is granted is not part of the tool's row: an update replaces that row, and must not reach the grant.
  // The counter moves with what decides about calls, and not with notes about them.
  `
  CREATE TABLE grants (
    tool_id    TEXT PRIMARY KEY NOT NULL REFERENCES tools (id) ON DELETE CASCADE,
    items      TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE secrets (
    tool_id TEXT NOT NULL REFERENCES tools (id) ON DELETE CASCADE,
    name    TEXT NOT NULL,
    set_at  TEXT NOT NULL,
    PRIMARY KEY (tool_id, name)
  ) STRICT;
  CREATE TABLE grant_uses (
    tool_id   TEXT NOT NULL REFERENCES tools (id) ON DELETE CASCADE,
    item      TEXT NOT NULL,
    last_used TEXT NOT NULL,
    PRIMARY KEY (tool_id, item)
  ) STRICT;
  CREATE TABLE refusals (
    tool_id    TEXT NOT NULL REFERENCES tools (id) ON DELETE CASCADE,
    capability TEXT NOT NULL,
    subject    TEXT NOT NULL,
    count      INTEGER NOT NULL,
    last_at    TEXT NOT NULL,
    PRIMARY KEY (tool_id, capability, subject)
  ) STRICT;
  CREATE TABLE changes (count INTEGER NOT NULL) STRICT;
  INSERT INTO changes VALUES (0);
  ${countChanges('tools')}
  ${countChanges('grants')}
  ${countChanges('secrets')}
  `,
  `ALTER TABLE tools ADD COLUMN assets_sha256 TEXT;`,
  `ALTER TABLE tools ADD COLUMN offers TEXT;`,
];

function countChanges(table: string): string {
  return ['INSERT', 'UPDATE', 'DELETE']
    .map(
      (event) =>
        `CREATE TRIGGER ${table}_${event.toLowerCase()} AFTER ${event} ON ${table}
         BEGIN UPDATE changes SET count = count + 1; END;`,
    )
    .join('\n');
}

/** The schema version that this KAMI reads and writes. */
export const schemaVersion = migrations.length;

/**
 * The schema version of an open database; 0 for an empty one. Reads only.
 * @throws KamiError `KAMI_REGISTRY_NEWER`, `KAMI_REGISTRY_CORRUPT` (a database, but of another program)
 */
export function checkSchemaVersion(db: Database, path: string): number {
  // One read transaction: another process may set the database up between two reads.
  const { version, owner, objects } = db
    .transaction(() => ({
      version: db.pragma('user_version', { simple: true }) as number,
      owner: db.pragma('application_id', { simple: true }) as number,
      objects: db.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck().get() ?? 0,
    }))
    .deferred();
  // Without this check, --db on some other program's database would add our tables to it.
  if (owner !== applicationId && (owner !== 0 || version !== 0 || objects !== 0)) {
    throw corruptRegistry(path, 'it is a database of another program');
  }
  if (version > schemaVersion) {
    throw new KamiError('KAMI_REGISTRY_NEWER', {
      message: `The registry ${path} was written by a newer KAMI: it has schema version ${version}, this one knows up to ${schemaVersion}.`,
      fix: 'Update KAMI (npm install -g kami-host@latest), or choose another registry with --db <file>. Nothing was changed.',
      data: { path, found: version, known: schemaVersion },
    });
  }
  return version;
}

/**
 * Brings an open database to `schemaVersion`, all steps or none.
 * @throws KamiError as `checkSchemaVersion`
 */
export function migrate(db: Database, path: string): void {
  if (checkSchemaVersion(db, path) === schemaVersion) return;
  db.transaction(() => {
    // Another process may have migrated while this one waited for the lock.
    const from = checkSchemaVersion(db, path);
    for (const step of migrations.slice(from)) db.exec(step);
    db.pragma(`application_id = ${applicationId}`);
    db.pragma(`user_version = ${schemaVersion}`);
  }).immediate();
}
