import { describe, expect, it } from 'vitest';
import { findClient } from './clients.ts';
import { putServer, readServers, removeServer, renderServer } from './edit-servers.ts';

const json = findClient('cursor');
const toml = findClient('codex');
const fields = { command: '/n', args: ['/k', 'serve'] };
const fileOf = (client: typeof json, text: string) => ({ client, path: '/c', text });
const put = (client: typeof json, text: string, keep = false) =>
  putServer(fileOf(client, text), 'kami', fields, keep);
const remove = (client: typeof json, text: string) => removeServer(fileOf(client, text), 'kami');

const entry = `    "kami": {
      "command": "/n",
      "args": [
        "/k",
        "serve"
      ]
    }`;

describe('an entry in JSON', () => {
  it.each([
    ['an empty text', '', `{\n  "mcpServers": {\n${entry}\n  }\n}\n`],
    ['an empty object', '{}', `{\n  "mcpServers": {\n${entry}\n  }\n}`],
    ['nothing but a comment', '// mine\n', `// mine\n{\n  "mcpServers": {\n${entry}\n  }\n}\n`],
    [
      'another server with a comment behind it',
      '{\n  "mcpServers": {\n    "a": {} // mine\n  }\n}\n',
      `{\n  "mcpServers": {\n    "a": {}, // mine\n${entry}\n  }\n}\n`,
    ],
    [
      'a comma behind the last server',
      '{\n  "mcpServers": {\n    "a": {}, // mine\n    // end\n  },\n}\n',
      `{\n  "mcpServers": {\n    "a": {}, // mine\n    // end\n${entry}\n  },\n}\n`,
    ],
    [
      'an empty table of servers with a comment in it',
      '{\n  "mcpServers": { // none yet\n  }\n}\n',
      `{\n  "mcpServers": { // none yet\n${entry}\n  }\n}\n`,
    ],
    [
      'everything on one line',
      '{"a":1,"mcpServers":{"b":{}}}',
      '{"a":1,"mcpServers":{"b":{},"kami":{"command":"/n","args":["/k","serve"]}}}',
    ],
    [
      'one line with spaces',
      '{ "mcpServers": { "b": {} } }',
      '{ "mcpServers": { "b": {}, "kami": { "command": "/n", "args": ["/k", "serve"] } } }',
    ],
  ])('goes into %s', (_name, before, after) => {
    expect(put(json, before)).toBe(after);
  });

  it('has the tabs and line ends of the file', () => {
    const before = '{\r\n\t"theme": 1,\r\n\t"mcpServers": {\r\n\t\t"a": {}\r\n\t}\r\n}\r\n';
    const after = put(json, before);
    expect(after).toContain(
      '\r\n\t\t"kami": {\r\n\t\t\t"command": "/n",\r\n\t\t\t"args": [\r\n\t\t\t\t"/k",',
    );
    expect(after.replaceAll('\r\n', '')).not.toContain('\n');
    expect(remove(json, after)).toBe(before);
  });

  it('keeps what somebody added to it, and the form of its list', () => {
    const before =
      '{"mcpServers": {\n  "kami": {"command": "/old", "args": ["x"], /* off */ "disabled": true}\n}}';
    expect(put(json, before, true)).toBe(
      '{"mcpServers": {\n  "kami": {"command": "/n", "args": ["/k", "serve"], /* off */ "disabled": true}\n}}',
    );
  });

  it('is replaced as a whole where it is not ours', () => {
    const before = '{\n  "mcpServers": {\n    "kami": { "url": "https://x" }, // there\n    "b": {}\n  }\n}';
    const after = put(json, before);
    expect(after).toContain('    }, // there\n    "b": {}\n');
    expect(readServers(fileOf(json, after)).get('kami')).toEqual(fields);
  });

  it('goes where the later of two equal keys is, which counts', () => {
    const after = put(json, '{\n  "mcpServers": {},\n  "mcpServers": { "a": {} }\n}');
    expect([...readServers(fileOf(json, after)).keys()]).toEqual(['a', 'kami']);
  });

  it.each([
    ['the only one', `{\n  "mcpServers": {\n${entry}\n  }\n}\n`, '{\n  "mcpServers": {}\n}\n'],
    [
      'the last one, a comment before it',
      `{\n  "mcpServers": {\n    "a": {}, // mine\n${entry} // ours\n  }\n}`,
      '{\n  "mcpServers": {\n    "a": {} // mine\n // ours\n  }\n}',
    ],
    [
      'the first one',
      `{\n  "mcpServers": {\n${entry},\n    // mine\n    "a": {}\n  }\n}`,
      '{\n  "mcpServers": {\n    // mine\n    "a": {}\n  }\n}',
    ],
    ['one on a line with others', '{"mcpServers":{"a":1,"kami":{},"b":2}}', '{"mcpServers":{"a":1,"b":2}}'],
    ['the last on a line', '{"mcpServers":{"a":1, "kami":{}}}', '{"mcpServers":{"a":1}}'],
    ['none', '{ }', '{ }'],
  ])('goes away as %s', (_name, before, after) => {
    expect(remove(json, before)).toBe(after);
  });

  it.each([
    ['{\n  "a": 1\n  "b": 2\n}', '/c:3:3'],
    ['{\n  "mcpServers": {', '/c:2:18'],
    ['{} {}', '/c:1:4'],
    ['[]', '/c:1:1'],
    ['"x"', '/c:1:1'],
    ['{ "mcpServers": [] }', '/c: '],
    ['{ "mcpServers": null }', '/c: '],
  ])('does not go into %j', (text, where) => {
    expect(() => put(json, text)).toThrow(
      expect.objectContaining({
        code: 'KAMI_CONNECT_FILE_INVALID',
        message: expect.stringContaining(where),
      }),
    );
  });
});

it('does not go into a text that is nested deeper than can be read', () => {
  expect(() => put(json, `{"a":${'['.repeat(200_000)}`)).toThrow(
    expect.objectContaining({ code: 'KAMI_CONNECT_FILE_INVALID' }),
  );
});

describe('an entry in TOML', () => {
  const block = '[mcp_servers.kami]\ncommand = "/n"\nargs = ["/k", "serve"]\n';

  it.each([
    ['', block],
    ['# mine\nmodel = "o"\n', `# mine\nmodel = "o"\n\n${block}`],
    ['model = "o"', `model = "o"\n\n${block}`],
    ['[mcp_servers.a]\ncommand = "x"\n', `[mcp_servers.a]\ncommand = "x"\n\n${block}`],
  ])('goes behind %j, and away again', (before, after) => {
    expect(put(toml, before)).toBe(after);
    expect(remove(toml, after)).toBe(before === '' || before.endsWith('\n') ? before : `${before}\n`);
  });

  it('goes into an inline table of servers, where a header would not be allowed', () => {
    const after = put(toml, 'mcp_servers = { a = { command = "x" } } # mine\n');
    expect(after).toBe(
      'mcp_servers = { a = { command = "x" }, kami = { command = "/n", args = ["/k", "serve"] } } # mine\n',
    );
    expect(remove(toml, after)).toBe('mcp_servers = { a = { command = "x" } } # mine\n');
  });

  const rest = '\n[other]\nwhen = 1979-05-27T07:32:00Z # a day\n';
  it.each([
    [
      'under a header',
      '[mcp_servers.kami] # ours\n# old\ncommand = "/old" # node\nstartup_timeout_sec = 20\n[mcp_servers.kami.tools.x]\napproval_mode = "approve"\n',
      '[mcp_servers.kami] # ours\n# old\ncommand = "/n" # node\nstartup_timeout_sec = 20\nargs = ["/k", "serve"]\n[mcp_servers.kami.tools.x]\napproval_mode = "approve"\n',
    ],
    [
      'inline',
      '[mcp_servers]\nkami = { command = "/old", enabled = true } # ours\n',
      '[mcp_servers]\nkami = { enabled = true, command = "/n", args = ["/k", "serve"] } # ours\n',
    ],
    [
      'with dotted keys',
      '[mcp_servers]\n  kami.command = "/old"\n',
      '[mcp_servers]\n  kami.command = "/n"\n  kami.args = ["/k", "serve"]\n',
    ],
    [
      'by dotted keys from the root',
      'mcp_servers.kami.command = "/old"\n',
      'mcp_servers.kami.command = "/n"\nmcp_servers.kami.args = ["/k", "serve"]\n',
    ],
  ])('is changed in the form it has: %s', (_name, before, after) => {
    expect(put(toml, before + rest, true)).toBe(after + rest);
    expect(readServers(fileOf(toml, remove(toml, after + rest))).has('kami')).toBe(false);
    expect(remove(toml, after + rest)).toContain(rest.trimStart());
  });

  it('gets a header where only tables below it have one', () => {
    const before = '[mcp_servers.kami.env]\nA = "1"\n';
    expect(put(toml, before, true)).toBe(`${before}\n${block}`);
  });

  it('has the line ends of the file', () => {
    expect(put(toml, 'a = 1\r\n')).toBe(`a = 1\r\n\r\n${block.replaceAll('\n', '\r\n')}`);
  });

  it('does not go into a text that is no TOML, and says where it is not', () => {
    expect(() => put(toml, 'a = 1\nb = \n')).toThrow(
      expect.objectContaining({
        code: 'KAMI_CONNECT_FILE_INVALID',
        message: expect.stringMatching(/^\/c:2:/),
      }),
    );
  });
});

it('is shown alone, in the form of each client', () => {
  expect(renderServer(toml, 'kami-work', fields)).toBe(
    '[mcp_servers.kami-work]\ncommand = "/n"\nargs = ["/k", "serve"]\n',
  );
  expect(JSON.parse(renderServer(findClient('vscode'), 'kami', fields))).toEqual({
    servers: { kami: fields },
  });
});
