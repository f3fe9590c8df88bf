import { createHash } from 'node:crypto';
import { hostname } from 'node:os';

/** Names of staged files tell who wrote them, so that a sweep knows which are left over: machine-process-random. */
const pattern = /^([0-9a-f]{8})-(\d{1,10})-[0-9a-f]+\.(wasm|assets)$/;

/** Process ids say nothing on another machine or in another container, which may share the folder. */
function machine(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}

/** @param kind what is staged: a component, or a folder of assets */
export function stagingName(random: string, kind: 'wasm' | 'assets' = 'wasm'): string {
  return `${machine()}-${process.pid}-${random}.${kind}`;
}

/** Whether the process that wrote a staged file is known to be gone. False when that can't be told. */
export function isAbandoned(name: string): boolean {
  const match = pattern.exec(name);
  if (match === null || match[1] !== machine()) return false;
  try {
    process.kill(Number(match[2]), 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
