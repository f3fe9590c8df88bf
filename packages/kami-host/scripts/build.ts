// node scripts/build.ts: the package as it is published. Its dependencies are bundled, so that an operator
// installs a handful of files; only the native module stays outside.
import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { copyFile, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { reachDeclarations } from '../../../scripts/lib/declarations.ts';
import { renderLicences } from './licences.ts';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const outdir = 'dist';
const command = 'src/cli.ts';
/** Everything that is imported, or started as a process or thread, by its own file name in dist. */
const entries = [
  'src/main.ts',
  'src/index.ts',
  'src/sandbox/worker.ts',
  'src/component/intake-main.ts',
  'src/runtime/cell/cell-main.ts',
];
const external = ['better-sqlite3'];

const base = {
  outdir,
  // All files lie in one folder: a thread is started by its file's name, a .wasm is read from beside its code.
  entryNames: '[name]',
  chunkNames: '[name]-[hash]',
  bundle: true,
  format: 'esm',
  platform: 'node',
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'error',
} satisfies BuildOptions;

/**
 * jco's transpiler is itself a component and asks for WASI. The shim it names would hand it the machine (and
 * weighs more than the rest of the bundle), so it gets ours, which gives it what a compiler needs: nothing.
 */
const transpilerWasi: Plugin = {
  name: 'transpiler-wasi',
  setup({ onResolve }) {
    onResolve({ filter: /^@bytecodealliance\/preview2-shim(\/|$)/ }, () => ({
      path: path.resolve('src/component/transpiler-wasi.ts'),
    }));
  },
};

/** cli.ts is built for an old Node and by itself; what it imports after its check is the built main. */
const mainIsBuilt: Plugin = {
  name: 'main-is-built',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/main\.ts$/ }, () => ({ path: './main.js', external: true }));
  },
};

async function bundle(): Promise<Metafile> {
  const [library, cli] = await Promise.all([
    build({
      ...base,
      entryPoints: entries,
      splitting: true,
      target: 'node22.14',
      external,
      // Its main file is UMD, whose inner imports can't be bundled.
      alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
      define: { KAMI_BUNDLED: 'true' },
      // CommonJS packages inside the bundle still call require for Node's own modules.
      banner: {
        js: "import { createRequire as kamiRequire } from 'node:module'; const require = kamiRequire(import.meta.url);",
      },
      plugins: [transpilerWasi],
    }),
    build({ ...base, entryPoints: [command], target: 'node18', plugins: [mainIsBuilt] }),
  ]);
  const metafile = {
    inputs: { ...library.metafile.inputs, ...cli.metafile.inputs },
    outputs: { ...library.metafile.outputs, ...cli.metafile.outputs },
  };
  refuseLazyCommonJs(metafile);
  await copyWasm(metafile);
  return metafile;
}

/**
 * esbuild gives `await import('a-commonjs-package')` no named exports where Node does: what worked from the
 * sources would break in the bundle, so it is refused here.
 */
function refuseLazyCommonJs({ inputs }: Metafile): void {
  for (const [file, { imports }] of Object.entries(inputs)) {
    for (const { path: target, kind } of imports) {
      if (kind === 'dynamic-import' && file.startsWith('src/') && inputs[target]?.format === 'cjs') {
        throw new Error(
          `${file} imports ${target} lazily, which is CommonJS. ` +
            'Import it with a static import in a module of its own, and import that module lazily.',
        );
      }
    }
  }
}

/** Bundled code that reads a .wasm from beside itself finds it beside itself again. */
async function copyWasm(metafile: Metafile): Promise<void> {
  for (const input of Object.keys(metafile.inputs).filter((file) => file.includes('node_modules/'))) {
    const text = await readFile(input, 'utf8');
    for (const [, name] of text.matchAll(/new URL\('\.\/([^'/]+\.wasm)', import\.meta\.url\)/g)) {
      if (name !== undefined) await copyFile(path.join(path.dirname(input), name), path.join(outdir, name));
    }
  }
}

/** Emits the declarations, and keeps those that an importer of the package can reach. */
async function declare(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const tsc = path.resolve('../../node_modules/typescript/bin/tsc');
    const child = spawn(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error('the types do not hold'))));
  });
  const reached = new Set(reachDeclarations([`${outdir}/types/index.d.ts`]).map(({ file }) => file));
  for (const file of globSync(`${outdir}/types/**/*.d.ts`)) {
    if (!reached.has(path.resolve(file))) await unlink(file);
  }
}

async function reportSizes(): Promise<void> {
  const files = globSync(`${outdir}/*.*`).sort();
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const line = (bytes: number, name: string) => `${(bytes / 1024).toFixed(1).padStart(9)} kB  ${name}`;
  for (const [index, file] of files.entries()) console.log(line(sizes[index] ?? 0, file));
  console.log(
    line(
      sizes.reduce((sum, size) => sum + size, 0),
      'together, without types',
    ),
  );
}

async function main(): Promise<void> {
  const missing = [command, ...entries].filter((file) => !existsSync(file));
  if (missing.length > 0)
    throw new Error(`these entries of scripts/build.ts do not exist: ${missing.join(', ')}`);
  await rm(outdir, { recursive: true, force: true });
  const [metafile] = await Promise.all([bundle(), declare()]);
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  await writeFile(`${outdir}/THIRD-PARTY-LICENSES.txt`, renderLicences(used));
  await reportSizes();
}

try {
  await main();
} catch (error) {
  console.error(`kami-host was not built: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
