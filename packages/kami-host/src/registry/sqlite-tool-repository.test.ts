import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleTool } from './fixtures/sample-tool.ts';
import { openRegistry, type Registry } from './open-registry.ts';
import { requireTool } from './require-tool.ts';
import { describeToolRepository } from './tool-repository-contract.ts';

describeToolRepository('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kami-registry-'));
  const first = await openRegistry(join(folder, 'registry.db'));
  const second = await openRegistry(join(folder, 'registry.db'));
  return {
    tools: first.tools,
    other: second.tools,
    close: () => {
      first.close();
      second.close();
      rmSync(folder, { recursive: true });
    },
  };
});

describe('a damaged entry', () => {
  let folder: string;
  let registry: Registry;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kami-registry-'));
    registry = await openRegistry(join(folder, 'registry.db'));
    registry.tools.insert(sampleTool('dev.example.good'));
    registry.tools.insert(sampleTool('dev.example.hurt'));
  });
  afterEach(() => {
    registry.close();
    rmSync(folder, { recursive: true });
  });

  function damage(column: string, value: string | number | null): void {
    const db = new SqliteDatabase(registry.path);
    db.prepare(`UPDATE tools SET ${column} = ? WHERE id = 'dev.example.hurt'`).run(value);
    db.close();
  }

  it.each([
    ['artifact_sha256', 'zz'],
    ['artifact_size', -1],
    ['source_kind', 'zip'],
    ['request', '{'],
    ['request', '{"network":"*","fileSystem":"none","environment":[]}'],
    ['request', '{"network":[],"fileSystem":"all","environment":[]}'],
    ['max_fuel', 2 ** 60],
    ['arguments', '[{"name":1}]'],
    ['input_schema', '[]'],
    ['input_schema', 'true'],
    ['output_schema', '"text"'],
    ['annotations', '{"readOnlyHint":"yes"}'],
    ['convention', 'kami:result/9'],
    ['sdk', '{}'],
    ['installed_at', 'yesterday'],
  ])('with %s = %s is told by name and column', (column, value) => {
    damage(column, value);
    expect(() => requireTool(registry.tools, 'dev.example.hurt')).toThrow(
      expect.objectContaining({
        code: 'KAMI_REGISTRY_CORRUPT',
        message: expect.stringContaining(`"dev.example.hurt"`),
        fix: expect.stringContaining('kami uninstall dev.example.hurt'),
        data: expect.objectContaining({ column }),
      }),
    );
  });

  it('does not hide the healthy ones, and can be removed', () => {
    damage('request', 'null');
    const page = registry.tools.findAll();
    expect(page.tools.map((tool) => tool.id)).toEqual(['dev.example.good']);
    expect(page.damaged.map((error) => error.data?.tool)).toEqual(['dev.example.hurt']);
    expect(page.total).toBe(2);
    expect(registry.tools.ids()).toContain('dev.example.hurt');
    expect(registry.tools.delete('dev.example.hurt')).toBe(true);
    expect(registry.tools.findAll().damaged).toEqual([]);
  });
});

describe('requireTool', () => {
  it('names what was probably meant', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kami-registry-'));
    const { tools, close } = await openRegistry(join(folder, 'registry.db'));
    const suggestions = (id: string) => {
      try {
        return requireTool(tools, id).id;
      } catch (error) {
        return (error as { data?: { suggestions?: unknown } }).data?.suggestions;
      }
    };
    expect(suggestions('echo')).toEqual([]);
    for (const id of ['dev.example.echo', 'com.other.echo', 'dev.example.fetch'])
      tools.insert(sampleTool(id));
    expect(suggestions('dev.example.echo')).toBe('dev.example.echo');
    expect(suggestions('echo')).toEqual(['com.other.echo', 'dev.example.echo']);
    expect(suggestions('dev.example.fetsch')).toEqual(['dev.example.fetch']);
    expect(suggestions('fetsh')).toEqual(['dev.example.fetch']);
    expect(suggestions("x'; DROP TABLE tools")).toEqual([]);
    expect(() => requireTool(tools, '\u001b[31mecho')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('\u001b') }),
    );
    close();
    rmSync(folder, { recursive: true });
  });
});
