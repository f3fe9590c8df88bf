import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repoModules = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const guestSource = fileURLToPath(new URL('../src/index.ts', import.meta.url));

export interface Project {
  readonly dir: string;
  readonly write: (path: string, text: string) => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** A tool project in a temporary folder, with the packages of this repository installed. */
export async function createProject(files: Readonly<Record<string, string>>): Promise<Project> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'kami-guest-project-')));
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  };
  await symlink(repoModules, join(dir, 'node_modules'), 'junction');
  for (const [path, text] of Object.entries(files)) await write(path, text);
  return { dir, write, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

/** A tsconfig.json that reads the types of kami-guest from its sources: nothing needs to be built first. */
export const tsconfig = JSON.stringify({
  compilerOptions: {
    target: 'es2024',
    module: 'preserve',
    lib: ['es2024', 'dom'],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    paths: { 'kami-guest': [guestSource] },
  },
  include: ['src'],
});
