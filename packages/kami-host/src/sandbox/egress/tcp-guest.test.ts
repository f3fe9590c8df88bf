import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as weakIo from '@bytecodealliance/preview2-shim/io';
import * as weakSockets from '@bytecodealliance/preview2-shim/sockets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ComponentStore } from '../../component/component-store.ts';
import type { CompiledComponent } from '../../model/compiled-component.ts';
import { isSha256 } from '../../model/ids.ts';
import { defaultLimits } from '../../model/limits.ts';
import { runInThread } from '../fixtures/run-in-thread.ts';
import { instantiate } from '../instance.ts';
import { SandboxThread } from '../sandbox-thread.ts';
import { buildTcpGuest } from './fixtures/wat-tcp-guest.ts';
import { rawServer, type TestEgress, testEgress } from './fixtures/web.ts';

/** A real component in the real worker thread, whose requests a real dispatcher takes to the broker. */
describe('a component that uses wasi:sockets', () => {
  const thread = new SandboxThread();
  const names = { 'db.localhost': ['127.0.0.1'] };
  let folder: string;
  let component: CompiledComponent;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kami-test-tcp-guest-'));
    const bytes = await buildTcpGuest();
    const key = createHash('sha256').update(bytes).digest('hex');
    if (!isSha256(key)) throw new Error('no hash');
    component = await new ComponentStore(folder).load({ key, source: 'guest', read: async () => bytes });
  }, 120_000);
  afterAll(async () => {
    await thread.terminate();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(port: number, egress?: TestEgress) {
    const services = egress === undefined ? {} : { egress: egress.service };
    const run = { component, input: { port }, services, convention: 'text' } as const;
    const { outcome, refusals } = await runInThread(thread, run);
    const content = outcome.status === 'success' ? outcome.content[0] : outcome.message;
    const text = typeof content === 'object' && 'text' in content ? content.text : content;
    return { text, refused: refusals.map(({ capability, subject }) => `${capability} ${subject}`) };
  }

  const echoServer = () => rawServer((socket) => socket.pipe(socket), { allowHalfOpen: true });
  const always = ['sockets tcp bind', 'sockets tcp listen', 'sockets udp'];

  it('reaches what was granted, and can neither bind, listen nor have UDP', async () => {
    await using server = await echoServer();
    await using egress = testEgress([`tcp://db.localhost:${server.port}`], { names });
    // Each step is done; the stream ends as `closed`, the case behind `last-operation-failed`. Then `access-denied`,
    // and there is no bind in progress.
    expect(await run(server.port, egress)).toEqual({ text: '........helloB .BHBB', refused: always });
    expect(egress.refusals).toEqual([]);
  });

  it('is refused another port', async () => {
    await using server = await echoServer();
    await using egress = testEgress(['tcp://db.localhost:1'], { names });
    expect(await run(server.port, egress)).toEqual({ text: '...B .BHBB', refused: always });
    expect(egress.refusals).toEqual([`sockets tcp://db.localhost:${server.port} not-granted`]);
    expect(server.connections()).toBe(0);
  });

  it('is refused the name and the address without a grant', async () => {
    await using server = await echoServer();
    const { text, refused } = await run(server.port);
    // What the guest takes for an address after a lookup that failed is 0.0.0.0, which is none.
    expect(text).toBe('.B.D .BHBB');
    expect(refused).toEqual(expect.arrayContaining(['sockets lookup of db.localhost', ...always]));
    expect(server.connections()).toBe(0);
  });

  it('would listen and have UDP on a host that lets it', async () => {
    const imports = {
      'wasi:io/error': weakIo.error,
      'wasi:io/poll': weakIo.poll,
      'wasi:io/streams': weakIo.streams,
      'wasi:sockets/instance-network': weakSockets.instanceNetwork,
      'wasi:sockets/ip-name-lookup': weakSockets.ipNameLookup,
      'wasi:sockets/network': weakSockets.network,
      'wasi:sockets/tcp': weakSockets.tcp,
      'wasi:sockets/tcp-create-socket': weakSockets.tcpCreateSocket,
      'wasi:sockets/udp': weakSockets.udp,
      'wasi:sockets/udp-create-socket': weakSockets.udpCreateSocket,
    };
    const instance = instantiate(component, imports as never, defaultLimits);
    expect(instance.run('{}').split(' ')[1]).toBe('.....');
  });
});
