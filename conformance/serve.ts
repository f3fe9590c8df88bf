import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { atEnd } from '../bench/cleanup.ts';
import { kamiCommand } from './places.ts';

/** The suite's calls of a minute are more than a tool may get by default. */
const unlimited = {
  KAMI_RUNTIME_CALLS_PER_MINUTE: '1000000',
  KAMI_RUNTIME_DEFAULT_CALLS_PER_MINUTE: '100000',
};

/**
 * Serves the tools on a free port, to this machine alone and without a token: the suite can't send one. Ended at the end
 * of the run.
 * @returns the URL of MCP
 * @throws Error with what it wrote when it ends before it listens
 */
export async function serve(dataDir: string): Promise<string> {
  const args = [kamiCommand, 'serve', '--transport', 'http', '--port', '0', '--no-auth', '--json'];
  const server = spawn(process.execPath, args, {
    cwd: dataDir,
    env: { ...process.env, ...unlimited, KAMI_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(server, 'close');
  atEnd(async () => {
    server.kill();
    await closed;
  });
  const log: Buffer[] = [];
  server.stderr.on('data', (chunk: Buffer) => log.push(chunk));
  const said = once(createInterface(server.stdout), 'line') as Promise<[string]>;
  const [line] = await Promise.race([said, closed.then(() => [undefined])]);
  if (line === undefined) throw new Error(`kami serve ended:\n${Buffer.concat(log)}`);
  return (JSON.parse(line) as { url: string }).url;
}
