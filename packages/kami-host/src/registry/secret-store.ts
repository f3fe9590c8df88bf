import { join } from 'node:path';
import { KamiError } from '../errors/kami-error.ts';
import type { ToolId } from '../model/ids.ts';
import { isVariableName } from '../model/variable-name.ts';
import { kamiFolder } from './kami-folder.ts';
import type { Registry } from './open-registry.ts';
import { readSecretFile, type SecretValues, writeSecretFile } from './secret-file.ts';
import type { SecretEntry } from './secret-index.ts';

/** Characters. */
const maxSecretLength = 65_536;

/**
 * The secrets of installed tools. Names are in the registry; values are in `secrets.json` beside it, readable by
 * this user only, and not encrypted: whoever can read this user's files can read them.
 *
 * The write lock of the registry is the lock of the file. A value is written before its name is committed and
 * removed after its name has gone, so that a crash leaves the old or the new state; a value without a name is
 * never given to anybody, and goes at the next change.
 */
export interface SecretStore {
  /** The file with the values. */
  readonly path: string;
  /**
   * Sets a secret of an installed tool, or replaces it.
   * @throws KamiError `KAMI_SECRET_INVALID`, `KAMI_TOOL_NOT_FOUND`, `KAMI_SECRET_STORE_UNSAFE`, `KAMI_DISK_FULL`,
   *   `KAMI_FILE_UNWRITABLE`, and those of the registry
   */
  set(id: ToolId, name: string, value: string, at: Date): void;
  /** Names only, in order. */
  list(id: ToolId): readonly SecretEntry[];
  /** Says whether there was one. */
  remove(id: ToolId, name: string): boolean;
  /**
   * The values of one tool by name, as they are at this moment.
   * @throws KamiError `KAMI_SECRET_STORE_UNSAFE`, `KAMI_FILE_UNREADABLE`
   */
  read(id: ToolId): ReadonlyMap<string, string>;
  /** Removes values that no name refers to: those of tools that are gone, and what a crash has left. */
  sweep(): void;
}

/** The secret store of an open registry. Creates nothing until a secret is set. */
export function createSecretStore({
  path,
  tools,
  secrets,
}: Pick<Registry, 'path' | 'tools' | 'secrets'>): SecretStore {
  const file = join(kamiFolder(path), 'secrets.json');

  /** Under the lock: writes all values that have a name, as they are after `change`. */
  function rewrite(change: (values: SecretValues) => void): void {
    const before = readSecretFile(file);
    const names = secrets.all();
    const after: SecretValues = new Map();
    for (const [id, values] of before) {
      const kept = [...values].filter(([name]) => names.get(id)?.has(name) === true);
      if (kept.length > 0) after.set(id, new Map(kept));
    }
    change(after);
    if (!isSame(before, after)) writeSecretFile(file, after);
  }

  const sweep = () => tools.transaction(() => rewrite(() => {}));

  return {
    path: file,
    sweep,
    list: (id) => secrets.list(id),

    set(id, name, value, at) {
      const problem = secretProblem(name, value);
      if (problem !== undefined) throw problem;
      tools.transaction(() => {
        secrets.put(id, name, at);
        rewrite((values) => values.set(id, new Map(values.get(id)).set(name, value)));
      });
    },

    remove(id, name) {
      const removed = secrets.remove(id, name);
      if (removed) sweep();
      return removed;
    },

    read(id) {
      const names = secrets.list(id);
      if (names.length === 0) return new Map();
      const values = readSecretFile(file).get(id) ?? new Map<string, string>();
      return new Map(
        names.flatMap(({ name }) => {
          const value = values.get(name);
          return value === undefined ? [] : [[name, value] as const];
        }),
      );
    },
  };
}

/** Never names the value. */
function secretProblem(name: string, value: string): KamiError | undefined {
  const invalid = (message: string, fix: string) => new KamiError('KAMI_SECRET_INVALID', { message, fix });
  if (!isVariableName(name)) {
    return invalid(
      'A secret is named by letters, digits and _, and does not begin with a digit.',
      'Use a name such as API_TOKEN.',
    );
  }
  const why =
    value === ''
      ? 'is empty'
      : value.length > maxSecretLength
        ? `has more than ${maxSecretLength} characters`
        : /\0/.test(value) || !value.isWellFormed()
          ? 'is no text'
          : undefined;
  if (why === undefined) return undefined;
  return invalid(
    `The value of the secret ${name} ${why}. Nothing was changed.`,
    'Give the value on stdin, or at the prompt.',
  );
}

function isSame(a: SecretValues, b: SecretValues): boolean {
  const flat = (values: SecretValues) =>
    JSON.stringify([...values].map(([id, secrets]) => [id, [...secrets]]));
  return flat(a) === flat(b);
}
