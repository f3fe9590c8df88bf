import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readJson, root } from './lib/workspace.mjs';

const packages: Record<
  string,
  { resolved?: string; integrity?: string; optional?: boolean; link?: boolean }
> = readJson(path.join(root, 'package-lock.json')).packages;
const installed = Object.entries(packages).filter(
  ([place, { link }]) => place.includes('node_modules/') && !link,
);

test('the lock file names no registry', () => {
  expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});

test('whatever is always installed is pinned by its hash', () => {
  expect(installed.length).toBeGreaterThan(100);
  const open = installed.filter(
    ([, { integrity, optional }]) => integrity === undefined && optional !== true,
  );
  expect(open).toEqual([]);
});

test('the lock file lists the binaries of every platform, without which npm ci refuses it', () => {
  const script = path.join(root, 'scripts/complete-lock.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
