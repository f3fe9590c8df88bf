import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Block } from './markdown.ts';

export const root = fileURLToPath(new URL('..', import.meta.url));

export interface StepResult {
  readonly block: Block;
  readonly exitCode: number | null;
  /** stdout and stderr together. */
  readonly output: string;
}

/** A place to carry out a document in, as a reader would: examples, installed packages, an empty data folder. */
export class WalkThrough {
  readonly dir: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(dir: string) {
    this.dir = dir;
    const { KAMI_CONFIG: _config, ...env } = process.env;
    this.#env = {
      ...env,
      // Clients of this machine keep their settings in the real one.
      HOME: path.join(dir, '.home'),
      KAMI_DATA_DIR: path.join(dir, '.data'),
      XDG_CONFIG_HOME: path.join(dir, '.config'),
      PATH: `${path.join(dir, 'node_modules', '.bin')}${path.delimiter}${env.PATH}`,
    };
  }

  static async create(): Promise<WalkThrough> {
    const dir = await mkdtemp(path.join(tmpdir(), 'kami-docs-'));
    await symlink(path.join(root, 'node_modules'), path.join(dir, 'node_modules'), 'junction');
    await cp(path.join(root, 'tsconfig.base.json'), path.join(dir, 'tsconfig.base.json'));
    for (const name of await readdir(path.join(root, 'examples'))) {
      const from = path.join(root, 'examples', name);
      const skipped = ['node_modules', 'dist', 'test-results', '.turbo'].map((folder) =>
        path.join(from, folder),
      );
      const filter = (source: string) => !skipped.includes(source);
      await cp(from, path.join(dir, 'examples', name), { recursive: true, filter });
    }
    return new WalkThrough(dir);
  }

  async writeFile(file: string, text: string): Promise<void> {
    const target = path.join(this.dir, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }

  /** Runs the lines of a block in one shell, in a folder below the place. The first that fails ends it. */
  run(block: Block, folder = '.'): Promise<StepResult> {
    return new Promise((done, fail) => {
      const child = spawn('sh', ['-ec', block.text], {
        cwd: path.join(this.dir, folder),
        env: this.#env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      }
      child.on('error', fail);
      child.on('close', (exitCode) => done({ block, exitCode, output }));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }
}
