import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const entry = (path: string) => fileURLToPath(new URL(path, import.meta.url));

it('the whole runtime is under 10 kB minified, and imports nothing but the host', async () => {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `export * from ${JSON.stringify(entry('./index.ts'))}; export * from ${JSON.stringify(entry('./component/index.ts'))};`,
      resolveDir: entry('.'),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2024',
    external: ['kami:*'],
    write: false,
    metafile: true,
  });
  expect(outputFiles[0]?.contents.length).toBeLessThan(10_000);
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  expect(imports).toEqual(['kami:tool/host@0.1.0']);
});
