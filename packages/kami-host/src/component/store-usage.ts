import type { Reuse } from '../model/compiled-component.ts';
import type { Sha256 } from '../model/ids.ts';
import { engineFile, type FormRecord, filesOf, partKind, snapshotFile } from './form-record.ts';
import type { ContainedForm, StoreContents } from './store-contents.ts';

/** A tool, and the component it runs. Several may run the same. */
export interface StoreUser {
  readonly id: string;
  readonly key: Sha256;
}

/** Who uses what in a store. Sizes are in bytes. */
export interface StoreUsage {
  /** The largest first. */
  readonly engines: readonly EngineUsage[];
  /** Core modules beside the engines. */
  readonly otherModules: PartsUsage;
  /** `expandedBytes` is what they take in memory. */
  readonly snapshots: PartsUsage & { readonly expandedBytes: number };
  readonly glue: PartsUsage;
  readonly records: PartsUsage;
  /** In the order in which the tools were given. */
  readonly tools: readonly ToolUsage[];
}

/** The largest core module of a form: all tools of an engine have it in common. */
export interface EngineUsage {
  readonly sha256: Sha256;
  readonly bytes: number;
  /** How many of the tools have it. */
  readonly tools: number;
}

export interface PartsUsage {
  readonly count: number;
  readonly bytes: number;
}

export interface ToolUsage extends StoreUser {
  /** Undefined when there is none yet, or one that is damaged or incomplete: it is made at the next call. */
  readonly form: FormUsage | undefined;
}

export interface FormUsage {
  readonly engine: Sha256;
  readonly snapshotBytes: number;
  readonly snapshotExpandedBytes: number;
  /** All files of the form. */
  readonly bytes: number;
  /** What would be free without this tool. */
  readonly aloneBytes: number;
  readonly reuse: Reuse;
}

interface WholeForm extends ContainedForm {
  readonly record: FormRecord;
}

/** Works out what each tool takes, and what they share. */
export function storeUsage({ forms, parts }: StoreContents, users: readonly StoreUser[]): StoreUsage {
  const size = (name: string) => parts.get(name)?.bytes ?? 0;
  const whole = new Map(forms.filter(isWhole).map((form) => [form.key, form]));
  const names = (form: WholeForm) => [...new Set(filesOf(form.record)), form.entry.name];
  const sizeIn = (form: WholeForm, name: string) =>
    name === form.entry.name ? form.entry.bytes : size(name);
  const engineIn = ({ record }: WholeForm) =>
    record.modules
      .map(({ engine }) => engine)
      .toSorted((a, b) => size(engineFile(b)) - size(engineFile(a)))[0];

  const usersOf = new Map<string, number>();
  const toolsOf = new Map<Sha256, number>();
  for (const form of users.flatMap(({ key }) => whole.get(key) ?? [])) {
    for (const name of names(form)) usersOf.set(name, (usersOf.get(name) ?? 0) + 1);
    const engine = engineIn(form);
    if (engine !== undefined) toolsOf.set(engine, (toolsOf.get(engine) ?? 0) + 1);
  }
  const engines = new Set([...whole.values()].flatMap((form) => engineIn(form) ?? []));
  const expanded = new Map<string, number>();
  for (const { record } of whole.values()) {
    for (const { snapshot } of record.modules) {
      if (snapshot !== undefined) expanded.set(snapshotFile(snapshot.sha256), snapshot.size);
    }
  }

  const partsWhere = (test: (name: string) => boolean) =>
    total([...parts.values()].filter(({ name }) => test(name)));
  const engineNames = new Set([...engines].map(engineFile));
  return {
    engines: [...engines]
      .map((sha256) => ({ sha256, bytes: size(engineFile(sha256)), tools: toolsOf.get(sha256) ?? 0 }))
      .toSorted((left, right) => right.bytes - left.bytes),
    otherModules: partsWhere((name) => partKind(name) === 'module' && !engineNames.has(name)),
    snapshots: {
      ...partsWhere((name) => partKind(name) === 'snapshot'),
      expandedBytes: sum([...expanded].flatMap(([name, bytes]) => (parts.has(name) ? [bytes] : []))),
    },
    glue: partsWhere((name) => partKind(name) === 'glue'),
    records: total(forms.map(({ entry }) => entry)),
    tools: users.map(({ id, key }) => {
      const form = whole.get(key);
      const engine = form && engineIn(form);
      if (form === undefined || engine === undefined) return { id, key, form: undefined };
      if (!filesOf(form.record).every((name) => parts.has(name))) return { id, key, form: undefined };
      const snapshots = [...new Set(filesOf(form.record))].filter((name) => partKind(name) === 'snapshot');
      return {
        ...{ id, key },
        form: {
          engine,
          snapshotBytes: sum(snapshots.map(size)),
          snapshotExpandedBytes: sum(snapshots.map((name) => expanded.get(name) ?? 0)),
          bytes: sum(names(form).map((name) => sizeIn(form, name))),
          aloneBytes: sum(names(form).map((name) => (usersOf.get(name) === 1 ? sizeIn(form, name) : 0))),
          reuse: form.record.reuse,
        },
      };
    }),
  };
}

function isWhole(form: ContainedForm): form is WholeForm {
  return form.record !== undefined;
}

function total(entries: readonly { readonly bytes: number }[]): PartsUsage {
  return { count: entries.length, bytes: sum(entries.map(({ bytes }) => bytes)) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((left, right) => left + right, 0);
}
