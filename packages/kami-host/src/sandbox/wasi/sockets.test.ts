import { describe, expect, it } from 'vitest';
import { rawServer, type TestEgress, testEgress } from '../egress/fixtures/web.ts';
import { playInWorker } from './fixtures/play-in-worker.ts';

type Story = keyof typeof import('./fixtures/sockets-stories.ts').stories;
interface Played {
  readonly result: unknown;
  /** What the worker recorded by itself. */
  readonly refusals: readonly (readonly [capability: string, subject: string])[];
}

/** Plays a story in a worker thread that blocks on its host, as guests do; with no broker at all if none is given. */
async function play(story: Story, port: number, egress?: TestEgress): Promise<Played> {
  const services = egress === undefined ? {} : { egress: egress.service };
  const worker = new URL('./fixtures/sockets-worker.ts', import.meta.url);
  return (await playInWorker(worker, services, { story, port })) as Played;
}

const echoServer = () => rawServer((socket) => socket.pipe(socket), { allowHalfOpen: true });
const grantOf = ({ authority }: { readonly authority: string }) => `tcp://${authority}`;

describe('a guest with a granted host and port', () => {
  it('connects, sends, ends, and reads to the end', async () => {
    await using server = await echoServer();
    await using egress = testEgress([grantOf(server)]);
    const { result, refusals } = await play('greeting', server.port, egress);
    expect(result).toEqual({
      received: 'hello',
      end: { tag: 'closed' },
      afterEnd: { tag: 'closed' },
      local: { tag: 'ipv4', val: { port: 0, address: [0, 0, 0, 0] } },
      remote: { tag: 'ipv4', val: { port: server.port, address: [127, 0, 0, 1] } },
      again: 'invalid-state',
      finishedAgain: 'not-in-progress',
    });
    expect(refusals).toEqual([]);
  });

  it('looks its name up', async () => {
    await using server = await echoServer();
    await using egress = testEgress([`tcp://db.localhost:${server.port}`], {
      names: { 'db.localhost': ['127.0.0.1', '::1'] },
    });
    expect((await play('byName', server.port, egress)).result).toEqual({
      first: { tag: 'ipv4', val: [127, 0, 0, 1] },
      rest: [{ tag: 'ipv6', val: [0, 0, 0, 0, 0, 0, 0, 1] }, undefined],
      received: 'by name',
      end: { tag: 'closed' },
    });
  });

  it('sends and receives 5 MB at once', async () => {
    await using server = await echoServer();
    await using egress = testEgress([grantOf(server)]);
    const total = 525 * 10_000;
    expect((await play('bothWays', server.port, egress)).result).toEqual({
      sent: total,
      received: total,
      wrong: 0,
      end: { tag: 'closed' },
    });
  });

  it('goes on sending when the server has ended', async () => {
    const received = Promise.withResolvers<string>();
    await using server = await rawServer(
      (socket) => {
        socket.end('first');
        socket.setEncoding('utf8').on('data', received.resolve);
      },
      { allowHalfOpen: true },
    );
    await using egress = testEgress([grantOf(server)]);
    const { result } = await play('serverEndsFirst', server.port, egress);
    expect(result).toEqual({ received: 'first', end: { tag: 'closed' } });
    expect(await received.promise).toBe('and second');
  });

  it('is told that the server broke the connection', async () => {
    await using server = await rawServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await using egress = testEgress([grantOf(server)]);
    expect((await play('serverBreaks', server.port, egress)).result).toEqual({
      received: '',
      end: 'connection-reset',
      after: { tag: 'closed' },
      write: 'connection-reset',
      writeAfter: { tag: 'closed' },
    });
  });

  it('is told that a connection was idle for too long', async () => {
    await using server = await rawServer(() => {});
    await using egress = testEgress([grantOf(server)], { limits: { betweenBytesTimeoutMs: 100 } });
    expect((await play('serverBreaks', server.port, egress)).result).toMatchObject({ end: 'timeout' });
  });

  it('does other things while a server takes its time', async () => {
    await using server = await rawServer((socket) => socket.once('data', () => socket.write('at last')));
    await using egress = testEgress([grantOf(server)]);
    expect((await play('slowServer', server.port, egress)).result).toEqual({
      first: [1],
      nothing: 0,
      received: 'at last',
    });
  });

  it('may leave when it has written: all of it arrives', async () => {
    const received = Promise.withResolvers<number>();
    await using server = await rawServer((socket) => {
      let count = 0;
      socket.on('data', (part) => {
        count += part.length;
      });
      socket.on('close', () => received.resolve(count));
    });
    await using egress = testEgress([grantOf(server)]);
    await play('writesAndLeaves', server.port, egress);
    expect(await received.promise).toBe(4 * 65_536);
  });

  it('has its places back when it drops what it holds, and no more of them', async () => {
    await using server = await echoServer();
    await using egress = testEgress([grantOf(server)], { limits: { maxConcurrent: 3 } });
    expect((await play('dropsAndComesBack', server.port, egress)).result).toEqual([
      3,
      3,
      3,
      'new-socket-limit',
    ]);
  });

  it('is told that nobody listens', async () => {
    const server = await echoServer();
    await server[Symbol.asyncDispose]();
    await using egress = testEgress([grantOf(server)]);
    expect((await play('refusedConnection', server.port, egress)).result).toEqual([
      'not-in-progress',
      'invalid-state',
      'concurrency-conflict',
      'connection-refused',
      'invalid-state',
      'invalid-state',
    ]);
  });

  it('sets options, which are hints', async () => {
    await using egress = testEgress([]);
    expect((await play('options', 1, egress)).result).toEqual({
      kept: [true, 7, 1n << 60n, 'ipv4'],
      refused: ['invalid-argument', 'invalid-argument', 'invalid-argument', 'invalid-argument'],
    });
  });

  it('holds no more sockets than handles', async () => {
    await using egress = testEgress([]);
    expect((await play('hoarding', 1, egress)).result).toBe('trap: TooManyHandles');
  });
});

describe('whatever was granted', () => {
  it('nothing binds, listens or accepts, and there is no UDP', async () => {
    await using server = await echoServer();
    await using egress = testEgress(['*', grantOf(server), 'tcp://0.0.0.0:9999']);
    const { result, refusals } = await play('listensAndMore', 9_999, egress);
    expect(result).toEqual({
      bind: 'access-denied',
      finishBind: 'not-in-progress',
      listen: 'access-denied',
      finishListen: 'not-in-progress',
      accept: 'access-denied',
      isListening: false,
      udp: 'access-denied',
    });
    expect(refusals).toEqual([
      ['sockets', 'tcp bind'],
      ['sockets', 'tcp listen'],
      ['sockets', 'tcp accept'],
      ['sockets', 'udp'],
    ]);
  });

  it('places that are none are wrong arguments, and others are refused by the host', async () => {
    await using server = await echoServer();
    await using egress = testEgress(['*', `tcp://127.0.0.1:${server.port === 1 ? 2 : 1}`]);
    const { result, refusals } = await play('wrongPlaces', server.port, egress);
    expect(result).toEqual([
      ...new Array<string>(9).fill('invalid-argument'),
      'access-denied',
      'access-denied',
    ]);
    expect(refusals).toEqual([]);
    expect(egress.refusals).toEqual([
      `sockets tcp://[::1]:${server.port} not-granted`,
      `sockets tcp://127.0.0.1:${server.port} not-granted`,
    ]);
    expect(server.connections()).toBe(0);
  });

  it('a lookup is no way out', async () => {
    await using egress = testEgress(['*', 'tcp://nowhere.localhost:1']);
    const { result } = await play('lookups', 1, egress);
    expect(result).toEqual([
      ['access-denied', 'access-denied'],
      ['name-unresolvable', 'name-unresolvable'],
      [{ tag: 'ipv4', val: [10, 0, 0, 1] }, undefined],
    ]);
    expect(egress.lookups).toEqual(['nowhere.localhost']);
    expect(egress.refusals).toEqual(['sockets lookup of the-secret-is-42.evil.example not-granted']);
  });
});

describe('a guest without any network', () => {
  it('is refused, and what it tried is recorded', async () => {
    await using server = await echoServer();
    const { result, refusals } = await play('wrongPlaces', server.port);
    expect(result).toEqual([
      ...new Array<string>(9).fill('invalid-argument'),
      'access-denied',
      'access-denied',
    ]);
    expect(refusals).toEqual([
      ['sockets', `tcp://[::1]:${server.port}`],
      ['sockets', `tcp://127.0.0.1:${server.port}`],
    ]);
    expect(server.connections()).toBe(0);
  });

  it('looks nothing up', async () => {
    const { result, refusals } = await play('lookups', 1);
    expect(result).toEqual(new Array(3).fill(['access-denied', 'access-denied']));
    expect(refusals[0]).toEqual(['sockets', 'lookup of the-secret-is-42.evil.example']);
  });
});
