import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGrant } from '../model/grant.ts';
import { parseGrantItem } from '../model/grant-item.ts';
import type { ToolId } from '../model/ids.ts';
import { sampleTool } from './fixtures/sample-tool.ts';
import { describeGrantRepository } from './grant-repository-contract.ts';
import { openRegistry, type Registry } from './open-registry.ts';

const script = fileURLToPath(new URL('./fixtures/registry-process.mjs', import.meta.url));
const echo = 'dev.example.echo' as ToolId;

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

describeGrantRepository('SQLite', async () => {
  const place = mkdtempSync(join(tmpdir(), 'kami-grants-'));
  const first = await openRegistry(join(place, 'registry.db'));
  const second = await openRegistry(join(place, 'registry.db'));
  return {
    ...{ tools: first.tools, grants: first.grants, other: second },
    close: () => {
      first.close();
      second.close();
      rmSync(place, { recursive: true });
    },
  };
});

let folder: string;
let registry: Registry;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kami-grants-'));
  registry = await openRegistry(join(folder, 'registry.db'));
  registry.tools.insert(sampleTool(echo));
});
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  registry.close();
  rmSync(folder, { recursive: true });
});

function start(...words: readonly string[]) {
  const [task = '', ...rest] = words;
  const child = spawn(process.execPath, [script, task, registry.path, ...rest], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

describe('a damaged grant', () => {
  function damage(column: string, value: string): void {
    const grant = createGrant([parseGrantItem('net=api.example.com')], { by: 'ada', at: new Date() });
    registry.grants.save(echo, grant);
    const db = new SqliteDatabase(registry.path);
    db.prepare(`UPDATE grants SET ${column} = ?`).run(value);
    db.close();
  }

  it.each([
    ['items', '{'],
    ['items', 'null'],
    ['items', '["net=api.example.com",1]'],
    ['items', '["everything"]'],
    ['items', '["fs=all"]'],
    ['items', '["mount=/../etc:/data:rw"]'],
    ['items', '["memory=1","memory=4096"]'],
    ['granted_at', 'yesterday'],
  ])('with %s = %s grants nothing, and can be taken away', (column, value) => {
    damage(column, value);
    expect(() => registry.grants.find(echo)).toThrow(
      expect.objectContaining({
        code: 'KAMI_REGISTRY_CORRUPT',
        fix: expect.stringContaining(`kami revoke ${echo} --all`),
      }),
    );
    expect(registry.grants.delete(echo)).toBe(true);
    expect(registry.grants.find(echo)).toBeUndefined();
  });
});

describe('changeCounter', () => {
  it('moves with grants and secrets, and not with notes', async () => {
    const server = await openRegistry(registry.path);
    let last = server.changeCounter();
    const moved = () => {
      const before = last;
      last = server.changeCounter();
      return last !== before;
    };
    const grant = createGrant([parseGrantItem('net=*')], { by: 'ada', at: new Date() });
    registry.grants.save(echo, grant);
    expect(moved()).toBe(true);
    registry.grants.noteUse(echo, parseGrantItem('net=*'), new Date());
    registry.grants.noteRefusal(echo, { capability: 'network', subject: 'x', count: 1 }, new Date());
    registry.grants.flush();
    server.grants.noteUse(echo, parseGrantItem('env=LANG'), new Date());
    server.grants.flush();
    expect(registry.grants.lastUses(echo).size).toBe(2);
    expect(moved()).toBe(false);
    registry.secrets.put(echo, 'TOKEN', new Date());
    expect(moved()).toBe(true);
    registry.secrets.remove(echo, 'TOKEN');
    expect(moved()).toBe(true);
    server.grants.delete(echo);
    expect(moved()).toBe(true);
    expect(moved()).toBe(false);
    server.close();
  });
});

describe('a registry of the first schema', () => {
  it('is brought up to date with its tools, and nothing granted', async () => {
    const tool = sampleTool('dev.example.old');
    registry.tools.insert(tool);
    const db = new SqliteDatabase(registry.path);
    db.exec('DROP TABLE grants; DROP TABLE secrets; DROP TABLE grant_uses; DROP TABLE refusals');
    for (const event of ['insert', 'update', 'delete']) db.exec(`DROP TRIGGER tools_${event}`);
    db.exec(
      'DROP TABLE changes; ALTER TABLE tools DROP COLUMN assets_sha256; ALTER TABLE tools DROP COLUMN offers',
    );
    db.prepare('UPDATE tools SET request = ? WHERE id = ?').run(
      '{"network":["a.example"],"fileSystem":"none","environment":[]}',
      tool.id,
    );
    db.pragma('user_version = 1');
    db.close();
    registry.close();
    registry = await openRegistry(registry.path);
    expect(registry.tools.find(tool.id)?.request).toEqual({
      network: ['a.example'],
      fileSystem: 'none',
      environment: [],
      asks: [],
      mounts: [],
      credentials: [],
    });
    expect(registry.grants.find(tool.id)).toBeUndefined();
    const before = registry.changeCounter();
    registry.tools.delete(tool.id);
    expect(registry.changeCounter()).not.toBe(before);
  });
});

describe('processes that grant at the same moment', () => {
  it('lose no grant to each other', async () => {
    const ended = ['a', 'b', 'c'].map((name) => once(start('grant', echo, name, '40'), 'exit'));
    expect(await Promise.all(ended)).toEqual([
      [0, null],
      [0, null],
      [0, null],
    ]);
    expect(new Set(registry.grants.find(echo)?.network).size).toBe(120);
  });

  it('lose nothing that was said to be granted when one is killed, and leave a whole grant', async () => {
    const said: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const child = start('grant', echo, `r${round}`, '100000');
      let lines = 0;
      for await (const line of createInterface(child.stdout as NonNullable<typeof child.stdout>)) {
        said.push(line);
        lines += 1;
        if (lines === 2 + round * 5) child.kill('SIGKILL');
      }
      const hosts = new Set(registry.grants.find(echo)?.network);
      expect(said.filter((host) => !hosts.has(host))).toEqual([]);
    }
    expect(said.length).toBeGreaterThan(10);
  });
});
