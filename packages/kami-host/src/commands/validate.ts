import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { checkInterfaces } from '../component/interfaces.ts';
import { KamiError } from '../errors/kami-error.ts';
import { resolveSource } from '../install/install-source.ts';
import { readAssets } from '../install/read-assets.ts';
import { readComponent } from '../install/read-component.ts';
import { loadManifest } from '../manifest/load-manifest.ts';
import type { ToolManifest } from '../manifest/tool-manifest.ts';
import type { ToolDescription } from '../model/tool.ts';
import { hash } from '../registry/artifact-store.ts';
import { assetsFolder, readAssetTree } from '../registry/asset-tree.ts';
import { createScratchRuntime } from '../runtime/tool-host.ts';
import { cleanText } from '../terminal/clean-text.ts';
import { type CommandContext, defineCommand } from './command.ts';

export const validate = defineCommand({
  builder: (yargs) =>
    yargs
      .positional('path', {
        type: 'string',
        demandOption: true,
        describe: 'A tool folder, a tool.toml or a .wasm file',
      })
      .example('$0 validate .', 'check the tool.toml of this folder, and its component when it is built')
      .example('$0 validate dist/echo.wasm', 'check a component: imports, exports, what it says of itself'),

  async run({ path }, context) {
    const report = await check(resolve(path), context);
    if (context.json) {
      context.print(`${JSON.stringify({ valid: true, ...report })}\n`);
      return 0;
    }
    const { manifest, component } = report;
    if (manifest !== undefined) {
      context.print(`Valid manifest: ${cleanText(manifest.name)}, ${manifest.id} ${manifest.version}\n`);
    }
    context.print(
      component === undefined
        ? 'No component yet. Build one: kami build\n'
        : `Valid component: ${component.file}, ${component.size} bytes, ${cleanText(component.description.description) || 'no description'}\n`,
    );
    return 0;
  },
});

interface Report {
  readonly manifest: ToolManifest | undefined;
  readonly component:
    | {
        readonly file: string;
        readonly size: number;
        readonly imports: readonly string[];
        readonly description: ToolDescription;
      }
    | undefined;
}

async function check(path: string, context: CommandContext): Promise<Report> {
  const manifest = path.endsWith('.wasm') ? undefined : await loadManifest(manifestPath(path));
  if (manifest !== undefined) readAssetTree(join(dirname(manifestPath(path)), assetsFolder));
  const source = await resolveSource(path).catch((error: unknown) => {
    // An author checks a tool.toml long before there is anything to install.
    if (error instanceof KamiError && error.code === 'KAMI_BUILD_MISSING') return undefined;
    throw error;
  });
  if (source === undefined) return { manifest, component: undefined };
  const bytes = await readComponent(source);
  readAssets(source);
  const file = basename(source.kind === 'component' ? source.path : source.wasmPath);
  const { imports } = checkInterfaces(bytes, file);
  const runtime = createScratchRuntime(context.config.values);
  try {
    const origin = { key: hash(bytes), source: file, read: async () => bytes };
    const description = await runtime.describe(origin);
    return { manifest, component: { file, size: bytes.length, imports, description } };
  } finally {
    await runtime.close('stop');
  }
}

function manifestPath(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? join(path, 'tool.toml') : path;
}
