import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Reuse } from '../model/compiled-component.ts';
import type { Sha256 } from '../model/ids.ts';
import { formVersion } from './component-store.ts';
import {
  engineFile,
  type FormRecord,
  filesOf,
  glueFile,
  type ModuleRecord,
  readRecord,
  recordText,
  sha256Of,
  snapshotFile,
} from './form-record.ts';
import { damagedIn, readStore, removeFromStore, unneededIn } from './store-contents.ts';
import { storeUsage } from './store-usage.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kami-contents-'));
  for (const name of ['files', 'forms']) mkdirSync(join(directory, formVersion, name), { recursive: true });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const partAt = (name: string) => join(directory, formVersion, 'files', name);
const recordAt = (key: Sha256) => join(directory, formVersion, 'forms', `${key}.json`);
const keyOf = (name: string) => sha256Of(Buffer.from(name));
const past = (minutes: number) => new Date(Date.now() - minutes * 60_000);

/** Writes a part with this text, and gives its hash. */
function part(text: string, fileName: (sha256: Sha256) => string): Sha256 {
  const sha256 = sha256Of(Buffer.from(text));
  writeFileSync(partAt(fileName(sha256)), text);
  return sha256;
}

interface Parts {
  readonly glue: string;
  readonly engine: string;
  readonly snapshot?: string;
  readonly reuse?: Reuse;
}

/** Writes a form of parts with these texts, beside an engine a small module that all have. */
function form(name: string, { glue, engine, snapshot, reuse = 'reset' }: Parts): Sha256 {
  const key = keyOf(name);
  const main: ModuleRecord = {
    name: 'core.wasm',
    engine: part(engine, engineFile),
    memory: undefined,
    snapshot:
      snapshot === undefined
        ? undefined
        : { sha256: part(snapshot, snapshotFile), size: 10 * snapshot.length },
  };
  const small: ModuleRecord = {
    ...{ name: 'core2.wasm', engine: part('s', engineFile) },
    ...{ memory: undefined, snapshot: undefined },
  };
  const record: FormRecord = { glue: part(glue, glueFile), modules: [main, small], reuse, start: 'unknown' };
  writeFileSync(recordAt(key), recordText(key, record));
  return key;
}

const prune = async (needed: readonly Sha256[]) => {
  const removals = unneededIn(await readStore(directory), new Set(needed));
  expect(await removeFromStore(removals.flatMap(({ files }) => files))).toEqual([]);
  return removals;
};
const kinds = (removals: Awaited<ReturnType<typeof prune>>) => removals.map(({ kind }) => kind);

describe('unneededIn', () => {
  it('is nothing where there is no store', async () => {
    expect(unneededIn(await readStore(join(directory, 'nowhere')), new Set())).toEqual([]);
  });

  it('takes forms that are not needed, with the parts that only they have', async () => {
    const kept = form('kept', { glue: 'g', engine: 'engine', snapshot: 'one' });
    const gone = form('gone', { glue: 'g', engine: 'engine', snapshot: 'two' });
    const removals = await prune([kept]);
    expect(removals).toMatchObject([{ kind: 'form', files: [{ path: recordAt(gone) }, { bytes: 3 }] }]);
    const { forms, parts } = await readStore(directory);
    expect(forms.map(({ key }) => key)).toEqual([kept]);
    const [{ record } = { record: undefined }] = forms;
    expect([...parts.keys()].sort()).toEqual([...new Set(record && filesOf(record))].sort());
  });

  it('takes everything when nothing is needed', async () => {
    form('a', { glue: 'g', engine: 'engine', snapshot: 'one' });
    form('b', { glue: 'h', engine: 'engine' });
    expect(kinds(await prune([]))).toEqual(['form', 'form']);
    const { forms, parts } = await readStore(directory);
    expect([forms.length, parts.size]).toEqual([0, 0]);
  });

  it('takes a record that is damaged or of another component, though its form is needed', async () => {
    const [left, right] = [form('l', { glue: 'g', engine: 'e' }), form('r', { glue: 'g', engine: 'f' })];
    const record = await readRecord(recordAt(right), right);
    writeFileSync(recordAt(left), recordText(right, record as FormRecord));
    expect(await prune([left, right])).toMatchObject([{ kind: 'form', files: [{ path: recordAt(left) }] }]);
  });

  it('takes what was left lying, but not what a process may be writing', async () => {
    const [old, young] = [part('old', engineFile), part('young', engineFile)];
    utimesSync(partAt(engineFile(old)), past(10), past(10));
    for (const name of ['.staging-1-a', '.staging-2-b']) writeFileSync(partAt(name), 'half');
    utimesSync(partAt('.staging-1-a'), past(90), past(90));
    expect(kinds(await prune([]))).toEqual(['part', 'half']);
    expect(readdirSync(partAt('')).sort()).toEqual(['.staging-2-b', engineFile(young)]);
  });

  it('takes the folders of other formats, and leaves what KAMI did not write', async () => {
    for (const name of ['jco-transpile-0.14.0-1', 'jco-transpile-0.15.0-1', 'my-files']) {
      mkdirSync(join(directory, name, 'files'), { recursive: true });
      writeFileSync(join(directory, name, 'files', 'x'), 'abc');
    }
    const target = await mkdtemp(join(tmpdir(), 'kami-target-'));
    writeFileSync(join(target, 'mine'), 'mine');
    symlinkSync(target, join(directory, 'jco-transpile-0.13.0-1'));
    const { otherFormats } = await readStore(directory);
    expect(otherFormats.map(({ version }) => version).sort()).toEqual([
      'jco-transpile-0.13.0-1',
      'jco-transpile-0.14.0-1',
      'jco-transpile-0.15.0-1',
    ]);
    expect(otherFormats.find(({ version }) => version.includes('0.14'))).toMatchObject({
      files: 1,
      bytes: 3,
    });
    await prune([]);
    expect(readdirSync(directory).sort()).toEqual([formVersion, 'my-files']);
    expect(existsSync(join(target, 'mine'))).toBe(true);
    await rm(target, { recursive: true });
  });

  it('never takes a file that a needed form has, and leaves nothing that none has', async () => {
    const anyForm = fc.record({
      glue: fc.constantFrom('g', 'h'),
      engine: fc.constantFrom('ee', 'ff'),
      snapshot: fc.constantFrom('1', '2', '3'),
      isNeeded: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyForm, { maxLength: 6 }), async (wanted) => {
        await prune([]);
        const keys = wanted.map((parts, index) => form(`${index}`, parts));
        const needed = keys.filter((_key, index) => wanted[index]?.isNeeded);
        await prune(needed);
        const { forms, parts } = await readStore(directory);
        expect(new Set(forms.map(({ key }) => key))).toEqual(new Set(needed));
        const used = forms.flatMap(({ record }) => (record ? filesOf(record) : []));
        expect(new Set(parts.keys())).toEqual(new Set(used));
      }),
      { numRuns: 50 },
    );
  });
});

describe('damagedIn', () => {
  it('names every file that is not what it was written as, and no other', async () => {
    const key = form('a', { glue: 'glue', engine: 'engine', snapshot: 'snapshot' });
    const other = form('b', { glue: 'glue', engine: 'engine', snapshot: 'other' });
    expect(await damagedIn(await readStore(directory))).toEqual([]);
    const snapshot = partAt(snapshotFile(sha256Of(Buffer.from('other'))));
    writeFileSync(snapshot, 'othes');
    await rm(recordAt(key));
    mkdirSync(recordAt(key));
    const damaged = (await damagedIn(await readStore(directory))).flatMap(({ files }) => files);
    expect(damaged.map(({ path }) => path).sort()).toEqual([recordAt(key), snapshot].sort());
    expect(await removeFromStore(damaged)).toEqual([]);
    expect((await readStore(directory)).forms.map(({ key: left }) => left)).toEqual([other]);
  });
});

describe('storeUsage', () => {
  it('tells what tools share from what each has alone', async () => {
    const a = form('a', { glue: 'glue', engine: 'engine', snapshot: 'aaaa' });
    const b = form('b', { glue: 'glue', engine: 'engine', snapshot: 'bb', reuse: 'ahead' });
    const c = form('c', { glue: 'other glue', engine: 'larger engine', reuse: 'none' });
    const unused = form('unused', { glue: 'glue', engine: 'engine', snapshot: 'u' });
    const users = [
      { id: 'one', key: a },
      { id: 'two', key: b },
      { id: 'three', key: c },
      { id: 'same as three', key: c },
      { id: 'not there', key: keyOf('not there') },
    ];
    const contents = await readStore(directory);
    const usage = storeUsage(contents, users);
    const recordBytes = (key: Sha256) =>
      contents.forms.find((found) => found.key === key)?.entry.bytes ?? Number.NaN;
    expect(usage).toMatchObject({
      engines: [
        { sha256: sha256Of(Buffer.from('larger engine')), bytes: 13, tools: 2 },
        { sha256: sha256Of(Buffer.from('engine')), bytes: 6, tools: 2 },
      ],
      otherModules: { count: 1, bytes: 1 },
      snapshots: { count: 3, bytes: 7, expandedBytes: 70 },
      glue: { count: 2, bytes: 14 },
      records: { count: 4, bytes: [a, b, c, unused].map(recordBytes).reduce((x, y) => x + y) },
    });
    expect(usage.tools.map(({ id, form: found }) => [id, found?.reuse, found?.snapshotBytes])).toEqual([
      ['one', 'reset', 4],
      ['two', 'ahead', 2],
      ['three', 'none', 0],
      ['same as three', 'none', 0],
      ['not there', undefined, undefined],
    ]);
    const [one, two, three] = usage.tools.map(({ form: found }) => found);
    expect(one).toMatchObject({ aloneBytes: 4 + recordBytes(a), bytes: 4 + 6 + 1 + 4 + recordBytes(a) });
    expect(two?.aloneBytes).toBe(2 + recordBytes(b));
    expect(three?.aloneBytes).toBe(0);
  });

  it('has no form for a tool of whose form a part is missing', async () => {
    const key = form('a', { glue: 'glue', engine: 'engine' });
    await rm(partAt(glueFile(sha256Of(Buffer.from('glue')))));
    expect(storeUsage(await readStore(directory), [{ id: 'a', key }]).tools).toEqual([
      { id: 'a', key, form: undefined },
    ]);
  });
});
