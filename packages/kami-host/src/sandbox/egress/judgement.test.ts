import { request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { reachOf } from './address.ts';
import { headerText, patterns, requestHead, testEgress, webServer } from './fixtures/web.ts';
import { judge } from './judge.ts';

/** Never connected to: the tests that name it are refused before. */
const publicAddress = '203.0.112.1';
/** Stands for a public address; nobody listens there. */
const harmless = '127.0.0.9';

describe('a request without a grant', () => {
  it('is denied before DNS is asked, and recorded with its origin', async () => {
    await using egress = testEgress([], { names: { 'example.com': [publicAddress] } });
    await expect(egress.get('example.com', { scheme: 'https' })).rejects.toMatchObject({
      code: 'HTTP-request-denied',
    });
    expect(egress.lookups).toEqual([]);
    expect(egress.refusals).toEqual(['network https://example.com not-granted']);
    expect(egress.uses).toEqual([]);
  });
});

describe('a host spelled otherwise', () => {
  it.each([
    'evilgranted.com',
    'granted.com.evil.com',
    'granted.com@evil.com',
    'user:secret@granted.com',
    'granted.com:8443',
    'granted.com:80',
    'granted.com/path',
    'granted.com?',
    'granted.com#@evil.com',
    'granted.com\\@evil.com',
    'granted.com\r\nHost: evil.com',
    'granted.com evil.com',
    'granted.com:443:443',
    'granted.com:0443x',
    'granted.com:0',
    'granted.com:65979',
    'sub.granted.com',
    '.granted.com',
    'granted..com',
    'gränted.com',
    'grаnted.com',
    '%',
    '',
    '[',
    '[::1',
    '[fe80::1%25eth0]',
  ])('%j is not granted.com', async (authority) => {
    await using egress = testEgress(['granted.com'], { lookup: async () => [{ address: publicAddress }] });
    await expect(egress.ask('request', requestHead(authority, { scheme: 'https' }))).rejects.toMatchObject({
      code: 'HTTP-request-denied',
    });
    expect(egress.lookups).toEqual([]);
  });

  it.each([
    'GRANTED.com',
    'granted.com.',
    'granted.com:443',
    'granted.com:',
    '%67ranted.com',
    'ｇranted.com',
  ])('%j is, and is looked up and asked as granted.com', async (authority) => {
    await using egress = testEgress(['granted.com'], { names: { 'granted.com': ['127.0.0.1'] } });
    await expect(egress.get(authority, { scheme: 'https' })).rejects.toMatchObject({
      code: 'destination-IP-prohibited',
    });
    expect(egress.lookups).toEqual(['granted.com']);
  });

  const spellings = (port: number) => [
    `2130706433:${port}`,
    `127.1:${port}`,
    `0x7f.1:${port}`,
    `0x7f000001:${port}`,
    `0177.0.0.1:${port}`,
    `127.0.0.1.:${port}`,
    `[::ffff:127.0.0.1]:${port}`,
    `[::ffff:7f00:1]:${port}`,
    `[0:0:0:0:0:ffff:7f00:0001]:${port}`,
  ];

  it('reaches no loopback service through a wildcard, where a plain fetch does', async () => {
    let requests = 0;
    await using server = await webServer((_request, response) => {
      requests += 1;
      response.end('internal');
    });
    await using egress = testEgress([`http://*:${server.port}`]);
    for (const authority of spellings(server.port)) {
      expect(await fetch(`http://${authority}/`).then((response) => response.text())).toBe('internal');
      await expect(egress.get(authority)).rejects.toMatchObject({ code: 'destination-IP-prohibited' });
    }
    expect(
      egress.refusals.every((line) => line === `network http://${server.authority} private-address`),
    ).toBe(true);
    expect(requests).toBe(spellings(server.port).length);
  });

  it('is the granted address, when that is what will be connected to', async () => {
    await using server = await webServer(({ headers: { host } }, response) => response.end(host));
    await using egress = testEgress([server.authority]);
    for (const authority of spellings(server.port)) {
      const { request } = await egress.get(authority);
      expect(await egress.text(request)).toBe(server.authority);
    }
    expect(egress.uses).toEqual(spellings(server.port).map(() => server.authority));
  });
});

describe('a wildcard', () => {
  it.each([
    ['sub.example.com', true],
    ['a.b.example.com', true],
    ['example.com', false],
    ['evilexample.com', false],
    ['example.com.evil.com', false],
    ['.example.com', false],
  ])('of sub-domains: %s is one: %s', async (authority, isGranted) => {
    await using egress = testEgress(['*.example.com'], { lookup: async () => [{ address: '10.0.0.1' }] });
    await expect(egress.get(authority, { scheme: 'https' })).rejects.toMatchObject({
      code: isGranted ? 'destination-IP-prohibited' : 'HTTP-request-denied',
    });
  });

  it.each([
    ['http', 'example.com', 'HTTP-request-denied'],
    ['https', 'example.com:8443', 'HTTP-request-denied'],
    ['https', 'localhost', 'destination-IP-prohibited'],
    ['https', '127.0.0.1', 'destination-IP-prohibited'],
    ['https', '10.1.2.3', 'destination-IP-prohibited'],
    ['https', '169.254.169.254', 'destination-IP-prohibited'],
    ['https', '[::1]', 'destination-IP-prohibited'],
    ['https', '[fd00:ec2::254]', 'destination-IP-prohibited'],
    ['https', '0', 'destination-IP-prohibited'],
  ])('of all hosts: %s://%s is %s', async (scheme, authority, code) => {
    await using egress = testEgress(['*'], { names: { localhost: ['127.0.0.1', '::1'] } });
    await expect(egress.get(authority, { scheme })).rejects.toMatchObject({ code });
  });
});

describe('a name that stands for an address of the inside', () => {
  const answers = [
    ['127.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['64:ff9b::7f00:1'],
    ['2002:7f00:1::'],
    ['169.254.169.254'],
    ['fe80::1'],
    ['fe80::1%eth0'],
    ['224.0.0.1'],
    ['0.0.0.0'],
    ['::'],
    [publicAddress, '127.0.0.1'],
    ['not an address'],
  ];

  it.each(answers)('is refused, granted by name too: %s', async (...addresses) => {
    await using egress = testEgress(['api.evil.example', '*.evil.example', '*'], {
      names: { 'api.evil.example': addresses },
    });
    await expect(egress.get('api.evil.example', { scheme: 'https' })).rejects.toMatchObject({
      code: 'destination-IP-prohibited',
    });
    expect(egress.refusals).toEqual(['network https://api.evil.example private-address']);
  });

  it.each(['10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', 'fc00::1'])(
    'of a network of the operator is refused by wildcard and allowed by name: %s',
    (address) => {
      const target = { scheme: 'https', host: 'wiki.corp.example', port: 443 } as const;
      const reach = reachOf(address);
      expect(judge(patterns('*.corp.example', '*'), target)?.allowsAddress(address, reach)).toBe(false);
      expect(judge(patterns('*', 'wiki.corp.example'), target)?.allowsAddress(address, reach)).toBe(true);
    },
  );

  it('would be reached without the check of addresses', async () => {
    await using server = await webServer((_request, response) => response.end('internal'));
    const allow = [`http://api.evil.example:${server.port}`];
    const names = { 'api.evil.example': ['127.0.0.1'] };
    const authority = `api.evil.example:${server.port}`;
    await using weak = testEgress(allow, { names, reachOf: () => 'public' });
    const { request } = await weak.get(authority);
    expect(await weak.text(request)).toBe('internal');
    await using strong = testEgress(allow, { names });
    await expect(strong.get(authority)).rejects.toMatchObject({ code: 'destination-IP-prohibited' });
    expect(server.connections()).toBe(1);
  });

  it('between check and connection finds no gap: the name is looked up once', async () => {
    await using server = await webServer((_request, response) => response.end('internal'));
    const rebinding = () => {
      let asked = 0;
      return async () => [{ address: asked++ === 0 ? harmless : '127.0.0.1' }];
    };
    expect(await checkThenConnect(rebinding(), server.port)).toBe('internal');

    await using egress = testEgress([`http://api.evil.example:${server.port}`], {
      lookup: rebinding(),
      reachOf: (address) => (address === harmless ? 'public' : reachOf(address)),
    });
    await expect(egress.get(`api.evil.example:${server.port}`)).rejects.toHaveProperty('code');
    expect(egress.lookups).toEqual(['api.evil.example']);
    expect(server.connections()).toBe(1);
  });

  it('of localhost is this machine, and nothing else', async () => {
    await using server = await webServer((_request, response) => response.end('mine'));
    const authority = `localhost:${server.port}`;
    await using egress = testEgress([authority], { names: { localhost: ['::1', '127.0.0.1'] } });
    const { request } = await egress.get(authority);
    expect(await egress.text(request)).toBe('mine');
    await using lied = testEgress([authority], { names: { localhost: ['169.254.169.254'] } });
    await expect(lied.get(authority)).rejects.toMatchObject({ code: 'destination-IP-prohibited' });
  });
});

describe('a redirect', () => {
  it('is an answer like any other: where it leads is a new request, judged anew, without credentials', async () => {
    const seen: (string | undefined)[] = [];
    await using other = await webServer(({ headers: { authorization } }, response) => {
      seen.push(authorization);
      response.end('elsewhere');
    });
    await using server = await webServer((_request, response) => {
      response.writeHead(302, { location: `http://${other.authority}/` }).end();
    });
    await using egress = testEgress([server.authority], { credentials: [secretFor(server.authority)] });
    const response = await egress.get(server.authority);
    expect(response.status).toBe(302);
    const next = new URL(headerText(response, 'location') ?? '');
    await expect(egress.get(next.host)).rejects.toMatchObject({ code: 'HTTP-request-denied' });
    expect(other.connections()).toBe(0);

    await using both = testEgress([server.authority, other.authority], {
      credentials: [secretFor(server.authority)],
    });
    expect((await both.get(server.authority)).status).toBe(302);
    expect((await both.get(next.host)).status).toBe(200);
    expect(seen).toEqual([undefined]);
  });

  it.each(['file', 'ftp', 'ws', 'data', 'javascript', 'HTTPS\r\n', ''])(
    'to %j is refused',
    async (scheme) => {
      await using egress = testEgress(['*', 'http://*']);
      await expect(egress.get('example.com', { scheme })).rejects.toMatchObject({
        code: 'HTTP-request-denied',
      });
    },
  );

  it('down to http is refused, unless that was granted', async () => {
    await using egress = testEgress(['example.com', 'http://plain.example.com']);
    await expect(egress.get('example.com')).rejects.toMatchObject({ code: 'HTTP-request-denied' });
    await expect(egress.get('plain.example.com')).rejects.toMatchObject({ code: 'destination-not-found' });
    await expect(egress.get('plain.example.com', { scheme: 'https' })).rejects.toMatchObject({
      code: 'HTTP-request-denied',
    });
  });
});

describe('proxy variables', () => {
  it('change nothing: requests go where they were judged to go', async () => {
    await using proxy = await webServer((_request, response) => response.end('proxied'));
    await using server = await webServer((_request, response) => response.end('direct'));
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']) {
      process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : `http://${proxy.authority}`;
      onTestFinished(() => {
        delete process.env[name];
      });
    }
    await using egress = testEgress([server.authority]);
    const { request } = await egress.get(server.authority);
    expect(await egress.text(request)).toBe('direct');
    expect(proxy.connections()).toBe(0);
  });
});

function secretFor(authority: string) {
  return {
    host: testPattern(authority),
    header: 'Authorization',
    value: 'Bearer key-of-the-operator',
  };
}

function testPattern(text: string) {
  const [pattern] = patterns(text);
  if (pattern === undefined) throw new Error('no pattern');
  return pattern;
}

/** What not to do: judge one answer of DNS, and let the connection look the name up again. */
async function checkThenConnect(
  lookup: () => Promise<readonly { address: string }[]>,
  port: number,
): Promise<string> {
  const [first] = await lookup();
  if (first?.address !== harmless) throw new Error('refused');
  return new Promise((resolve, reject) => {
    request(
      {
        host: 'api.evil.example',
        port,
        lookup: (_name, _options, done) => {
          lookup().then((found) => done(null, [{ address: found[0]?.address ?? '', family: 4 }]), reject);
        },
      },
      (response) => response.setEncoding('utf8').on('data', resolve),
    )
      .on('error', reject)
      .end();
  });
}
