import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawServer, testEgress, webServer } from '../egress/fixtures/web.ts';
import { createFiles } from '../files/create-files.ts';
import { SharedFiles } from '../files/file-call.ts';
import { defaultFileLimits, type FileMount } from '../files/file-grant.ts';
import { scratchFolder } from '../files/fixtures/guest-files.ts';
import { play } from './fixtures/conformance/play.ts';
import { type TableName, tables } from './fixtures/conformance/tables.ts';

// What WASI 0.2 says, case by case. The tables say what is done and what comes of it; here is what it is done to.

/** Answers `/echo` with what it was asked, `/status/N` with that, and `/trailers` with some. */
const answer: RequestListener = (request, response) => {
  const { method, url = '' } = request;
  const status = /^\/status\/(\d+)$/.exec(url)?.[1];
  if (status !== undefined) {
    response.writeHead(Number(status), { location: '/elsewhere' }).end();
  } else if (url === '/trailers') {
    response.writeHead(200, { trailer: 'x-sum' }).write('hello');
    response.addTrailers({ 'x-sum': '5' });
    response.end();
  } else {
    response.writeHead(200, { 'x-reply': ['a', 'b'], connection: 'close' });
    response.write(`${method} ${url}\n${request.headers['x-echo'] ?? ''}\n`);
    request.pipe(response);
  }
};

async function closedPort(): Promise<number> {
  const server = await rawServer(() => {});
  await server[Symbol.asyncDispose]();
  return server.port;
}

/** Folders of the operator's, with what only he can put there. */
function prepareFolders(path: string): readonly FileMount[] {
  const folders = ['data', 'other', 'fixed', 'bytes'].map((name) => join(path, name));
  for (const folder of folders) mkdirSync(folder);
  const [data = '', other = '', fixed = '', bytes = ''] = folders;
  writeFileSync(join(fixed, 'file'), 'fixed');
  symlinkSync('/etc', join(fixed, 'absolute'));
  symlinkSync('../..', join(fixed, 'out'));
  execFileSync('mkfifo', [join(fixed, 'fifo')]);
  for (const name of [Buffer.from('a'), Buffer.from([0xff, 0xfe]), Buffer.from('b')]) {
    writeFileSync(Buffer.concat([Buffer.from(`${bytes}/`), name]), '');
  }
  return [
    { guestPath: '/data', hostPath: data, access: 'read-write' },
    { guestPath: '/other', hostPath: other, access: 'read-write' },
    { guestPath: '/fixed', hostPath: fixed, access: 'read-only' },
    { guestPath: '/bytes', hostPath: bytes, access: 'read-only' },
  ];
}

async function playTable(table: TableName): Promise<Readonly<Record<string, unknown>>> {
  const folder = scratchFolder();
  await using web = await webServer(answer);
  await using broken = await rawServer((socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this');
  });
  await using echo = await rawServer((socket) => socket.pipe(socket), { allowHalfOpen: true });
  await using ending = await rawServer((socket) => socket.end());
  const ports = { web: web.port, broken: broken.port, echo: echo.port, ending: ending.port };
  const closed = await closedPort();
  const tcp = [...Object.values(ports), closed].map((port) => `tcp://127.0.0.1:${port}`);
  await using egress = testEgress(
    [web.authority, broken.authority, `127.0.0.1:${closed}`, 'tcp://db.localhost:5432', ...tcp],
    { names: { 'db.localhost': ['127.0.0.1'] }, limits: { maxConcurrent: 200 } },
  );
  // Cases leave what they have opened to the end of their table.
  const files = createFiles(
    { mounts: prepareFolders(folder.path), limits: { ...defaultFileLimits, maxOpen: 4_000 } },
    { shared: new SharedFiles(4_000) },
  );
  try {
    return await play(table, { files, egress: egress.service }, { ...ports, closed });
  } finally {
    folder.remove();
  }
}

describe.runIf(process.platform === 'linux').each(Object.keys(tables) as TableName[])(
  'WASI 0.2: %s',
  (table) => {
    let outcomes: Readonly<Record<string, unknown>> = {};
    beforeAll(async () => {
      outcomes = await playTable(table);
    });
    afterAll(() => {
      outcomes = {};
    });

    it.each(Object.entries(tables[table]))('%s', (name, [, gives]) => {
      expect(outcomes).toHaveProperty([name]);
      expect(outcomes[name]).toEqual(gives);
    });
  },
);
