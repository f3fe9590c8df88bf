import { expect, it } from 'vitest';
import type { PolicyMount } from './call-policy.ts';
import { grantThatAllows } from './refusal-remedy.ts';

const mount = (guestPath: string, access: PolicyMount['access']): PolicyMount => ({
  guestPath,
  hostPath: `/srv${guestPath}`,
  access,
  quota: undefined,
});
const mounts = [mount('/package', 'read-only'), mount('/data', 'read-only'), mount('/out', 'read-write')];

it.each([
  ['network', 'https://api.example.com', 'net=api.example.com'],
  ['network', 'https://api.example.com:8443', 'net=api.example.com:8443'],
  ['network', 'http://127.0.0.1:8080', 'net=http://127.0.0.1:8080'],
  ['network', 'https://[::1]:8443', 'net=[::1]:8443'],
  ['file-system', 'open /data/a b.txt (read-only)', 'mount=<folder>:/data:rw'],
  ['file-system', 'open /data (read-only)', 'mount=<folder>:/data:rw'],
] as const)('%s %s is allowed by %s', (capability, subject, grant) => {
  expect(grantThatAllows({ capability, subject }, mounts)).toBe(grant);
});

it.each([
  ['network', 'https://*'],
  ['network', 'https://*.example.com'],
  ['network', 'https://user@api.example.com'],
  ['network', 'ftp://api.example.com'],
  ['network', 'https://api.example.com/path'],
  ['network', 'https://a b'],
  ['sockets', 'udp'],
  ['file-system', 'open /package/x (read-only)'],
  ['file-system', 'open /dataset/x (read-only)'],
  ['file-system', 'open /data/../../etc (not-permitted)'],
  ['file-system', 'write /out/x (quota)'],
  ['process', 'exit'],
] as const)('no single grant allows %s %s', (capability, subject) => {
  expect(grantThatAllows({ capability, subject }, mounts)).toBeUndefined();
});
