import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const entry = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const fromIndex = (names: string) => `export ${names} from ${JSON.stringify(entry('./index.ts'))};`;
const component = (name: string) => `export * from ${JSON.stringify(entry(`./component/${name}.ts`))};`;

it.each([
  [
    'what a tool carries',
    10_000,
    [
      fromIndex(
        '{ kamiTool, ToolError, withJsonSchema, audio, content, image, resource, resourceLink, text }',
      ),
      component('index'),
    ],
    ['host'],
  ],
  [
    'what one carries that asks its client, and offers prompts and resources',
    16_000,
    [fromIndex('*'), ...['index', 'client', 'offer', 'prompts', 'resources'].map(component)],
    ['host', 'client'],
  ],
])(
  '%s is under %d bytes minified, and imports nothing but the host',
  async (_what, bytes, lines, interfaces) => {
    const { outputFiles, metafile } = await build({
      stdin: { contents: lines.join('\n'), resolveDir: entry('.') },
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2024',
      external: ['kami:*'],
      write: false,
      metafile: true,
    });
    expect(outputFiles[0]?.contents.length).toBeLessThan(bytes);
    const imports = Object.values(metafile.outputs).flatMap((output) =>
      output.imports.map(({ path }) => path),
    );
    expect(new Set(imports)).toEqual(new Set(interfaces.map((name) => `kami:tool/${name}@0.1.0`)));
  },
);
