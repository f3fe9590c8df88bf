import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const script = fileURLToPath(new URL('./floors.ts', import.meta.url));
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A small house that keeps the law. */
const house = {
  'node_modules/kami-guest/package.json':
    '{ "name": "kami-guest", "exports": { "./build": { "types": "./build.d.ts" } } }',
  'node_modules/kami-guest/build.d.ts': 'export interface Build { a: 1 }',
  'packages/kami-host/src/errors/kami-error.ts': 'export const error = 1;',
  'packages/kami-host/src/model/ids.ts': "export { error } from '../errors/kami-error.ts';",
  'packages/kami-host/src/registry/registry.ts': "export { error } from '../model/ids.ts';",
  'packages/kami-host/src/registry/grant-repository.ts': 'export interface Grants { a: 1 }',
  'packages/kami-host/src/config/config.ts': 'export interface Config { a: 1 }',
  'packages/kami-host/src/sandbox/worker.ts': "export { error } from '../registry/registry.ts';",
  'packages/kami-host/src/runtime/runtime.ts': "export { error } from '../sandbox/worker.ts';",
  'packages/kami-host/src/mcp/server.ts': "export { error } from '../runtime/runtime.ts';",
  'packages/kami-host/src/commands/build.ts':
    "import type { Build } from 'kami-guest/build';\nexport { error } from '../mcp/server.ts';\nexport type { Build };",
  'packages/kami-host/src/index.ts': "export { error } from './runtime/runtime.ts';",
  'packages/kami-host/src/main.ts': "export { error } from './commands/build.ts';",
  'packages/kami-host/src/cli.ts': "await import('./main.ts');",
  'packages/kami-guest/src/index.ts': 'export const tool = 1;',
  'packages/kami-guest/src/build/index.ts': "import 'node:fs';\nexport { tool } from '../index.ts';",
};

function check(planted: Record<string, string>) {
  const base = mkdtempSync(path.join(tmpdir(), 'kami-floors-'));
  folders.push(base);
  for (const [file, text] of Object.entries({ ...house, ...planted })) {
    mkdirSync(path.join(base, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(base, file), text);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, base], { encoding: 'utf8' });
  return {
    status,
    text: stdout + stderr,
    rules: [...stderr.matchAll(/^([a-z0-9-]+): /gm)].map(([, rule]) => rule),
  };
}

const hostFile = (name: string, text: string) => ({ [`packages/kami-host/src/${name}`]: text });

describe('the floors', () => {
  test('hold in a house that keeps them', () => {
    expect(check({})).toMatchObject({ status: 0, rules: [] });
  });

  test.each<[string, string, Record<string, string>]>([
    [
      'a floor above',
      'floor-1-registry',
      hostFile('registry/up.ts', "export * from '../sandbox/worker.ts';"),
    ],
    [
      'a floor above, its type only',
      'floor-1-registry',
      hostFile(
        'registry/up.ts',
        "import type { error } from '../runtime/runtime.ts';\nexport type A = typeof error;",
      ),
    ],
    [
      'a floor above, inside a type',
      'floor-1-registry',
      hostFile('registry/up.ts', "export type A = import('../runtime/runtime.ts').A;"),
    ],
    [
      'a floor above, lazily',
      'floor-1-registry',
      hostFile('registry/up.ts', "export const a = () => import('../runtime/runtime.ts');"),
    ],
    [
      'a room of its own floor',
      'floor-1-registry',
      hostFile('registry/aside.ts', "export type { Config } from '../config/config.ts';"),
    ],
    [
      'the door the wrong way',
      'floor-0-errors',
      hostFile('errors/up.ts', "export * from '../model/ids.ts';"),
    ],
    [
      'a file above all rooms',
      'floor-6-commands',
      hostFile('commands/up.ts', "export * from '../index.ts';"),
    ],
    [
      'from a room nobody planned',
      'unknown-room',
      hostFile('utils/x.ts', "export * from '../model/ids.ts';"),
    ],
    [
      'a way for agents to what is granted',
      'agents-never-grant',
      hostFile('mcp/grant.ts', "export type { Grants } from '../registry/grant-repository.ts';"),
    ],
    [
      'the command, from the library',
      'library-without-command',
      hostFile('index.ts', "export * from './main.ts';"),
    ],
    [
      'more than main, from cli',
      'cli-checks-node-first',
      hostFile('cli.ts', "import './errors/kami-error.ts';"),
    ],
    [
      'itself in a circle of types',
      'no-cycle',
      {
        ...hostFile('model/a.ts', "import type { B } from './b.ts';\nexport interface A { b: B }"),
        ...hostFile('model/b.ts', "import type { A } from './a.ts';\nexport interface B { a: A }"),
      },
    ],
    [
      'Node, in the guest',
      'guest-is-node-free',
      { 'packages/kami-guest/src/io.ts': "export { readFileSync } from 'fs';" },
    ],
    [
      'the build, in the guest',
      'guest-does-not-build',
      { 'packages/kami-guest/src/component/index.ts': "export * from '../build/index.ts';" },
    ],
    [
      'the host, in the guest',
      'guest-without-host',
      { 'packages/kami-guest/src/build/x.ts': "export * from 'kami-host';" },
    ],
    [
      'the tool chain, in a command',
      'commands-import-types-of-guest-only',
      hostFile('commands/dev.ts', "export { build } from 'kami-guest/build';"),
    ],
    [
      'the tool chain beside its types, in a command',
      'commands-import-types-of-guest-only',
      hostFile(
        'commands/dev.ts',
        "import type { Build } from 'kami-guest/build';\nexport const a = () => import('kami-guest/build');\nexport type { Build };",
      ),
    ],
    [
      'types of the tool chain, below the commands',
      'host-without-tool-chain',
      hostFile('runtime/x.ts', "export type { Build } from 'kami-guest/build';"),
    ],
    [
      'the guest, in the scaffolder',
      'scaffolder-alone',
      { 'packages/create-kami-tool/src/index.ts': "export * from 'kami-guest';" },
    ],
    [
      "another package's source",
      'packages-meet-at-their-doors',
      { 'examples/echo/src/tool.ts': "export * from '../../../packages/kami-guest/src/index.ts';" },
    ],
    [
      'a test',
      'no-import-of-tests',
      {
        ...hostFile('model/x.ts', "export * from './ids.test.ts';"),
        ...hostFile('model/ids.test.ts', 'export const helper = 1;'),
      },
    ],
  ])('break on an import of %s', (_what, rule, planted) => {
    const { status, rules } = check(planted);
    expect(status).toBe(1);
    expect(rules).toEqual([rule]);
  });

  test('let tests reach for any room', () => {
    const test = hostFile('model/ids.test.ts', "import '../commands/build.ts';\nimport 'kami-guest/build';");
    expect(check(test)).toMatchObject({ status: 0 });
  });

  test('are not said to hold when no source was read', () => {
    const base = mkdtempSync(path.join(tmpdir(), 'kami-floors-'));
    folders.push(base);
    mkdirSync(path.join(base, 'packages'));
    const { status, stderr } = spawnSync(process.execPath, [script, base], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('were not checked');
  });
});
