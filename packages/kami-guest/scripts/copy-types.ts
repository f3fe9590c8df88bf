import { cp, glob, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const dist = new URL('../dist/', import.meta.url);

// tsc emits no .d.ts that was a source, and lets what it emits refer to the source's place.
await cp(new URL('../src/generated/guest', import.meta.url), new URL('generated/guest', dist), {
  recursive: true,
});
for await (const name of glob('**/*.d.ts', { cwd: fileURLToPath(dist) })) {
  const file = new URL(name, dist);
  const text = await readFile(file, 'utf8');
  const published = text.replace(/(<reference path="(?:\.\.\/)*)\.\.\/src\/generated\//g, '$1./generated/');
  if (published !== text) await writeFile(file, published.replaceAll('.././', '../'));
}
