import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import tool from './tool.ts';

const rows = [
  { name: 'Ada', born: 1815, tags: ['maths'] },
  { name: 'Grace', born: 1906, tags: ['navy', 'maths'] },
  { name: 'Alan', born: 1912 },
];

describe('a transformation', () => {
  it('filters, sorts, cuts, picks and renames, in this order', async () => {
    const answer = await tool.call({
      rows,
      where: [{ field: 'born', is: 'greater', value: 1800 }],
      sort: [{ field: 'born', descending: true }],
      limit: 2,
      pick: ['name'],
      rename: { name: 'who' },
    });
    expect(answer).toEqual({ rows: [{ who: 'Alan' }, { who: 'Grace' }], matched: 3 });
  });

  it.each([
    [{ field: 'name', is: 'equal', value: 'Ada' }, ['Ada']],
    [{ field: 'name', is: 'not equal', value: 'Ada' }, ['Grace', 'Alan']],
    [{ field: 'born', is: 'less', value: 1906 }, ['Ada']],
    [{ field: 'name', is: 'containing', value: 'a' }, ['Ada', 'Grace', 'Alan']],
    [{ field: 'tags', is: 'containing', value: 'maths' }, ['Ada', 'Grace']],
    // Values of different kinds are never less or greater.
    [{ field: 'born', is: 'less', value: 'x' }, []],
  ] as const)('where %j', async (condition, names) => {
    const answer = await tool.call({ rows, where: [condition] });
    expect(answer.rows.map((row) => row.name)).toEqual(names);
  });

  it('leaves rows alone that nothing is said about', async () => {
    expect(await tool.call({ rows })).toEqual({ rows, matched: 3 });
    expect(await tool.call({ rows: [], pick: ['anything'] })).toEqual({ rows: [], matched: 0 });
  });

  it('swaps two names', async () => {
    const answer = await tool.call({ rows: [{ a: 1, b: 2 }], rename: { a: 'b', b: 'a' } });
    expect(answer.rows).toEqual([{ b: 1, a: 2 }]);
  });
});

describe('a wrong transformation', () => {
  it('is told which field there is none of, and which there are', async () => {
    await expect(tool.call({ rows, pick: ['nmae'] })).rejects.toMatchObject({
      message: 'No row has the field "nmae". The rows have: name, born, tags.',
      code: 'UNKNOWN_FIELD',
      data: { field: 'nmae', known: ['name', 'born', 'tags'] },
    });
  });

  it('is told that two fields would get one name', async () => {
    await expect(tool.call({ rows, rename: { name: 'born' } })).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  });

  it('is refused by the schema', async () => {
    await expect(tool.call({ rows, limit: -1 })).rejects.toThrow('limit: ');
  });
});

it('transforms 100 kB as a component, well within its limits', () => {
  const many = Array.from({ length: 3_000 }, (_, id) => ({ id, name: `row ${id}`, even: id % 2 === 0 }));
  const input = JSON.stringify({
    rows: many,
    where: [{ field: 'even', is: 'equal', value: true }],
    sort: [{ field: 'id', descending: true }],
    limit: 1,
    pick: ['id'],
  });
  expect(input.length).toBeGreaterThan(100_000);
  expect(kami(['build', '--json']).status).toBe(0);
  const { status, stdout } = kami(['run', 'dist/json-transform.wasm', '--input-file=-', '--json'], input);
  expect(status).toBe(0);
  expect(JSON.parse(stdout).structuredContent).toEqual({ rows: [{ id: 2_998 }], matched: 1_500 });
}, 60_000);

/** Runs the kami command as a user would; npm has put it on the PATH. */
function kami(args: readonly string[], input = '') {
  const dataDir = mkdtempSync(join(tmpdir(), 'json-transform-'));
  const env = { ...process.env, KAMI_DATA_DIR: dataDir };
  try {
    return spawnSync('kami', args, { encoding: 'utf8', env, input, shell: process.platform === 'win32' });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
