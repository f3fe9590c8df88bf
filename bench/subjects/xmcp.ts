import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildOnce } from '../build-once.ts';
import { benchDir, peersDir } from '../places.ts';
import { runTool } from '../run-tool.ts';
import { type WorkName, worksOf } from '../work/works.ts';
import type { Subject } from './subject.ts';

const toolCounts = [1, 4, 50] as const;
const handlers: Readonly<Record<WorkName, string>> = {
  echo: 'echo',
  transform: 'transform',
  fib: 'answerFib',
  fetch: 'fetchText',
};
const folder = (tools: number) => path.join(peersDir, 'built', `xmcp-${tools}`);

/** One file a tool, bundled by its own build step. */
export const xmcp: Subject = {
  name: 'xmcp',
  title: 'xmcp',
  sandboxed: false,
  fresh: false,
  toolCounts,
  command: (tools) => ({ args: [path.join(folder(tools), 'dist/stdio.js')], cwd: folder(tools) }),
  toolName: (work) => work,
  async prepare(wanted) {
    for (const tools of toolCounts.filter((count) => wanted.includes(count))) await build(tools);
  },
};

async function build(tools: number): Promise<void> {
  const project = folder(tools);
  const files = projectFiles(tools);
  const works = readdirSync(path.join(benchDir, 'work')).map((name) =>
    readFileSync(path.join(benchDir, 'work', name)),
  );
  const lock = readFileSync(path.join(peersDir, 'package-lock.json'));
  await buildOnce(project, [lock, JSON.stringify(files), ...works], async () => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(project, name)), { recursive: true });
      writeFileSync(path.join(project, name), text);
    }
    const command = path.join(peersDir, 'node_modules/xmcp/dist/cli.js');
    await runTool([process.execPath, command, 'build'], {
      cwd: project,
      env: { XMCP_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
    });
  });
}

function projectFiles(tools: number): Record<string, string> {
  const typeRoots = [path.relative(folder(tools), path.join(benchDir, '../node_modules/@types'))];
  const compilerOptions = { noEmit: true, types: ['node'], typeRoots };
  const config = { stdio: true, paths: { tools: 'src/tools', prompts: false, resources: false } };
  return {
    'package.json': JSON.stringify({ private: true, type: 'module' }),
    'tsconfig.json': JSON.stringify({
      extends: '../../../../tsconfig.base.json',
      compilerOptions,
      include: ['src'],
    }),
    'xmcp.config.ts': `export default ${JSON.stringify(config)};\n`,
    ...Object.fromEntries(
      worksOf(tools).map(({ name, work, description }) => [
        `src/tools/${name}.ts`,
        toolText(name, work, description),
      ]),
    ),
  };
}

function toolText(name: string, work: WorkName, description: string): string {
  const handler = handlers[work];
  return `import { ${handler} } from '../../../../../work/${work}.ts';
import { ${work}Input } from '../../../../../work/schemas.ts';

export const metadata = ${JSON.stringify({ name, description })};
export const schema = ${work}Input.shape;

export default async function tool(input: Parameters<typeof ${handler}>[0]) {
  return { content: [{ type: 'text', text: JSON.stringify(await ${handler}(input)) }] };
}
`;
}
