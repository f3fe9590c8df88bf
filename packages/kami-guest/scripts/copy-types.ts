import { cp } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

// tsc emits no .d.ts that was a source; the published types refer to these.
const from = fileURLToPath(new URL('../src/generated/guest', import.meta.url));
const to = fileURLToPath(new URL('../dist/generated/guest', import.meta.url));
await cp(from, to, { recursive: true });
