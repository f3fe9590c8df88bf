import { setTimeout as sleep } from 'node:timers/promises';
import { startLoopback } from '../loopback.ts';
import { processTree } from '../process-tree.ts';
import { note } from '../report/note.ts';
import { askInTurn } from './calls.ts';
import { createChurn } from './churn.ts';
import { type SoakServer, serveHttp, serveStdio } from './clients.ts';
import { checkFiles, type Held, heldBy, keptFiles, settled } from './remains.ts';
import { createTally, type Tally } from './tally.ts';
import { createWorld, tools, type World } from './world.ts';

export interface SoakRun {
  readonly tally: Tally;
  /** Each server after the warm-up and at the end. */
  readonly held: readonly { readonly before: Held; readonly after: Held }[];
  /** Each client, and how often it was told that the list of tools has changed. */
  readonly told: readonly { readonly client: string; readonly times: number }[];
}

/** What each client asks at the same time. */
const lanes = 2;
const restMs = 3_000;

export async function soak(seconds: number): Promise<SoakRun> {
  const tally = createTally();
  const world = createWorld();
  const loopback = await startLoopback();
  for (const folder of Object.values(tools)) await world.kami('install', folder, '--yes');
  await world.kami('grant', 'dev.kami.bench.fetch', `net=${loopback.origin}`);
  await world.kami('revoke', 'dev.kami.bench.fetch', 'net=http://127.0.0.1');
  const servers = [
    await serveStdio(world, 'legacy', tally),
    await serveStdio(world, 'modern', tally),
    await serveHttp(world, tally),
  ];
  const clients = servers.flatMap((server) => server.clients);
  const churn = createChurn(world, loopback.origin, tally);
  const callAndChange = async (durationMs: number): Promise<void> => {
    const end = performance.now() + durationMs;
    const isOver = () => performance.now() > end;
    const callers = clients.flatMap((client) =>
      Array.from({ length: lanes }, (_, lane) => askInTurn(client, lane, { loopback, churn }, tally, isOver)),
    );
    await Promise.all([...callers, churn.run(isOver)]);
  };

  const warmUpSeconds = Math.max(5, Math.round(seconds / 10));
  note(`Warming up for ${warmUpSeconds} s`);
  await callAndChange(warmUpSeconds * 1_000);
  await sleep(restMs);
  const before = servers.map((server) => ({ server, held: heldBy(server) }));
  const files = keptFiles(world);
  note(`Calling and changing for ${seconds} s`);
  await callAndChange(seconds * 1_000);
  note('Waiting for rest');
  const held: SoakRun['held'][number][] = [];
  for (const { server, held: first } of before) {
    held.push({ before: first, after: await settled(server, first, tally) });
  }
  const told = clients.map((client) => ({ client: client.name, times: client.told() }));
  for (const { client, times } of told) {
    if (times === 0) tally.violate(`${client} was never told that the list of tools has changed`);
  }
  await closeAll(servers, tally);
  checkFiles(world, files, tally);
  await checkByCommand(world, tally);
  for (const [kind, { asked, answered }] of tally.counts) {
    if (asked !== answered) tally.violate(`${kind}: asked ${asked} times, answered ${answered} times`);
  }
  return { tally, held, told };
}

async function closeAll(servers: readonly SoakServer[], tally: Tally): Promise<void> {
  for (const server of servers) {
    const tree = processTree(server.pid);
    await server.close();
    await sleep(1_000);
    const left = tree.flatMap(processTree);
    if (left.length > 0) tally.violate(`${server.name} left ${left.length} processes behind`);
  }
}

/** The commands that look at the whole find nothing. */
async function checkByCommand({ kami }: World, tally: Tally): Promise<void> {
  for (const command of [['cache', 'verify'], ['doctor']] as const) {
    await kami(...command).catch((error: unknown) =>
      tally.violate(`kami ${command.join(' ')}: ${error instanceof Error ? error.message : String(error)}`),
    );
  }
}
