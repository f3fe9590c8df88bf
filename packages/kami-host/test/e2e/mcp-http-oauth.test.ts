import { createHmac } from 'node:crypto';
import { discoverOAuthProtectedResourceMetadata } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, connectHttp, type HttpServer, startHttpServer, until } from '../fixtures/http-server.ts';
import { type Behaviour, type Issuer, newKey, signToken, startIssuer } from '../fixtures/issuer.ts';
import { eras, textOf } from '../fixtures/mcp-client.ts';
import { type TempFolder, tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools, hostileTools } from '../fixtures/wat-tools.ts';

let data: TempFolder;
let issuer: Issuer;
let server: HttpServer;

beforeAll(async () => {
  data = await tempFolder();
  await installWatTools({ parrot: honestTools.parrot }, { dataDir: data.path });
  await installWatTools({ 'short-loop': hostileTools.loop }, { dataDir: data.path }, { timeoutMs: 3_000 });
  issuer = await startIssuer();
  server = await serve(issuer);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

function serve({ url }: Issuer, ...flags: string[]): Promise<HttpServer> {
  return startHttpServer({ dataDir: data.path }, [
    ...['-vvv', '--issuer', url, '--required-scopes', 'mcp', ...flags],
  ]);
}

const goodClaims = () => ({ aud: server.url, scope: 'openid mcp' });
const askWith = (token: string, target = server) =>
  ask(target, { headers: { authorization: `Bearer ${token}` } });

it('clients find out where to get a token', async () => {
  expect(server).toMatchObject({ auth: ['oauth'] });
  expect(server.token).toBe(undefined);
  const challenge = await ask(server);
  const place = `http://127.0.0.1:${server.port}/.well-known/oauth-protected-resource/mcp`;
  expect(challenge.status).toBe(401);
  expect(challenge.headers['www-authenticate']).toBe(
    `Bearer realm="kami", scope="mcp", resource_metadata="${place}"`,
  );
  const document = {
    resource: server.url,
    authorization_servers: [issuer.url],
    bearer_methods_supported: ['header'],
    resource_name: 'KAMI',
    scopes_supported: ['mcp'],
  };
  expect(await discoverOAuthProtectedResourceMetadata(server.url)).toEqual(document);
  const { text } = await ask(server, { method: 'GET', path: '/.well-known/oauth-protected-resource' });
  expect(JSON.parse(text)).toEqual(document);
});

it('behind a proxy all is said of the public URL', async () => {
  const resource = 'https://mcp.example.com/tools/mcp';
  await using behind = await serve(issuer, '--public-url', resource);
  const path = '/.well-known/oauth-protected-resource/tools/mcp';
  const headers = { host: 'mcp.example.com' };
  const { headers: said } = await ask(behind, { headers });
  expect(said['www-authenticate']).toContain(`resource_metadata="https://mcp.example.com${path}"`);
  const { text } = await ask(behind, { method: 'GET', path, headers });
  expect(JSON.parse(text)).toMatchObject({ resource });
  expect((await askWith(issuer.sign({ aud: resource, scope: 'mcp' }), behind)).status).toBe(200);
  expect((await askWith(issuer.sign({ aud: behind.url, scope: 'mcp' }), behind)).status).toBe(401);
});

it.each(eras)('a token of the issuer lets a client of the %s generation in', async (era) => {
  const token = issuer.sign(goodClaims());
  await using connection = await connectHttp({ url: server.url, token }, era);
  const result = await connection.call('test_wat_parrot', { text: 'hello' });
  expect(textOf(result)).toContain('hello');
  const [head = '', body = '', signature = ''] = token.split('.');
  for (const part of [head, body, signature]) expect(server.stderr()).not.toContain(part);
});

it('a token of the operator is taken beside those of an issuer', async () => {
  const token = 'The-Token-of-the-operator_0123456789';
  await using both = await startHttpServer({ dataDir: data.path, env: { KAMI_HTTP_TOKEN: token } }, [
    ...['--issuer', issuer.url],
  ]);
  expect(both.auth).toEqual(['token', 'oauth']);
  expect((await askWith(token, both)).status).toBe(200);
  expect((await askWith(issuer.sign({ aud: both.url }), both)).status).toBe(200);
  expect((await askWith(`${token}0`, both)).status).toBe(401);
});

it('a client that floods the server does not hold up another one', async () => {
  await using narrow = await serve(issuer, '--concurrency', '1');
  const connectAs = (sub: string) =>
    connectHttp({ url: narrow.url, token: issuer.sign({ aud: narrow.url, scope: 'mcp', sub }) });
  await using greedy = await connectAs('greedy');
  await using modest = await connectAs('modest');
  const first = greedy.call('test_wat_short-loop');
  await until(() => narrow.stderr().includes('call-begun'));
  let answered = 0;
  const flood = Array.from({ length: 100 }, async (_, index) => {
    await greedy.call('test_wat_parrot', { text: `greedy ${index}` });
    answered += 1;
  });
  // All of them wait, for the place that the loop has.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await modest.call('test_wat_parrot', { text: 'modest' });
  expect(answered).toBeLessThan(10);
  await Promise.all([first, ...flood]);
  expect(answered).toBe(100);
});

describe('a token', () => {
  const now = () => Math.floor(Date.now() / 1_000);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = () => ({ iss: issuer.url, sub: 'evil', exp: now() + 300, ...goodClaims() });
  const forged = (header: object) => signToken(newKey().privateKey, claims(), { ...header });
  const hmac = (key: string) => {
    const text = `${encode({ alg: 'HS256', kid: 'one' })}.${encode(claims())}`;
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
  };

  it.each<[string, () => string]>([
    ['without a signature', () => `${encode({ alg: 'none' })}.${encode(claims())}.`],
    ['without a signature, spelt otherwise', () => `${encode({ alg: 'nOnE' })}.${encode(claims())}.x`],
    ['signed with the public key as a secret', () => hmac(issuer.publicKeys)],
    ['signed with an empty secret', () => hmac('')],
    ['signed with a key of its own', () => forged({})],
    ['that brings its key along', () => forged({ jwk: JSON.parse(issuer.publicKeys).keys[0] })],
    ['that says where its key is', () => forged({ jku: `${issuer.url}/evil`, x5u: `${issuer.url}/evil` })],
    ['of a key that there is not', () => issuer.sign(goodClaims(), { kid: '../../etc/passwd' })],
    ['for another algorithm', () => issuer.sign(goodClaims(), { alg: 'RS384' })],
    ['with an extension that nobody knows', () => issuer.sign(goodClaims(), { crit: ['must'], must: true })],
    ['of another issuer', () => issuer.sign({ ...goodClaims(), iss: 'https://evil.example' })],
    ['of an issuer of nearly the same name', () => issuer.sign({ ...goodClaims(), iss: `${issuer.url}/` })],
    ['of no issuer', () => issuer.sign({ ...goodClaims(), iss: undefined })],
    ['for another service', () => issuer.sign({ ...goodClaims(), aud: 'https://other.example/mcp' })],
    ['for a part of the name', () => issuer.sign({ ...goodClaims(), aud: server.url.slice(0, -1) })],
    ['for nobody', () => issuer.sign({ ...goodClaims(), aud: undefined })],
    ['that has expired', () => issuer.sign({ ...goodClaims(), exp: now() - 60 })],
    ['that never expires', () => issuer.sign({ ...goodClaims(), exp: undefined })],
    ['that is not in force yet', () => issuer.sign({ ...goodClaims(), nbf: now() + 120 })],
    ['that was changed', () => issuer.sign(goodClaims()).replace(/\.[^.]+\./, `.${encode(claims())}.`)],
    ['that is three words', () => 'a.b.c'],
    ['that is five parts', () => 'a.b.c.d.e'],
    ['that is no JWT', () => 'x'.repeat(4_000)],
  ])('%s is refused', async (_what, make) => {
    const answer = await askWith(make());
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(answer.headers['www-authenticate']).toContain('resource_metadata=');
    expect(issuer.asked).not.toContain('/evil');
  });

  it('without the scope is refused, and the scope is named', async () => {
    for (const scopes of [
      { scope: 'openid' },
      { scope: 'mcpx mc p' },
      { scope: undefined },
      { scp: ['other'] },
    ]) {
      const { status, headers } = await askWith(
        issuer.sign({ ...goodClaims(), scope: undefined, ...scopes }),
      );
      expect(status).toBe(403);
      expect(headers['www-authenticate']).toContain('error="insufficient_scope"');
      expect(headers['www-authenticate']).toContain('scope="mcp"');
    }
    const listed = issuer.sign({ aud: ['https://other.example', server.url], scp: ['mcp'] });
    expect((await askWith(listed)).status).toBe(200);
  });
});

describe('an issuer', () => {
  const endless: Behaviour = (_path, response) => {
    const feed = setInterval(() => response.write(' '.repeat(64 * 1024)), 1);
    response.once('close', () => clearInterval(feed));
    return true;
  };
  it.each<[string, Behaviour]>([
    ['that answers nothing', () => true],
    ['that answers without end', endless],
    ['whose keys have no end', (path, response) => path === '/keys' && endless(path, response)],
    [
      'that leads elsewhere',
      (_path, response) => {
        response.writeHead(302, { location: `${issuer.url}/.well-known/openid-configuration` }).end();
        return true;
      },
    ],
    [
      'that says it is another one',
      (path, response) => {
        if (path === '/keys') return false;
        response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }));
        return true;
      },
    ],
    ['that fails', (_path, response) => response.writeHead(500).end() && true],
    ['whose keys are no keys', (path, response) => path === '/keys' && response.end('{"keys":7}') && true],
  ])('%s: no token is taken, and none called wrong', async (_what, behave) => {
    await using broken = await startIssuer(behave);
    await using asking = await serve(broken);
    const answer = await askWith(broken.sign({ aud: asking.url, scope: 'mcp' }), asking);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    // It is left alone for a while, whatever comes.
    const before = broken.asked.length;
    expect((await askWith(broken.sign({ aud: asking.url }), asking)).status).toBe(503);
    expect(broken.asked.length).toBe(before);
    expect((await ask(asking, { method: 'GET', path: '/health/ready' })).status).toBe(200);
  });
});
