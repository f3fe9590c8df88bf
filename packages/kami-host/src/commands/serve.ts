import { httpTokenVariable } from '../config/config-keys.ts';
import { KamiError } from '../errors/kami-error.ts';
import type { Access } from '../mcp/http/http-settings.ts';
import type { HttpEndpoint } from '../mcp/http/serve-http.ts';
import { RequestStates } from '../mcp/request-state.ts';
import { serveStdio } from '../mcp/serve-stdio.ts';
import type { ServerDeps } from '../mcp/server-deps.ts';
import { keepHeapSteady } from '../process/steady-heap.ts';
import { readStateKey } from '../registry/state-key.ts';
import { openToolHost, type ToolHost } from '../runtime/tool-host.ts';
import { AskedPermissions } from './ask-permission.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { currentGrantor } from './grant-flags.ts';

export const serve = defineCommand({
  builder: (yargs) =>
    yargs
      .option('transport', {
        choices: ['stdio', 'http'] as const,
        default: 'stdio' as const,
        describe: 'How clients connect',
      })
      .option('concurrency', { type: 'number', describe: 'Calls that may run at the same time' })
      .option('isolation', { type: 'string', describe: 'cell (processes of their own) or thread' })
      .option('cache-size', { type: 'number', describe: 'Compiled components to keep' })
      .option('ask', {
        type: 'boolean',
        default: false,
        describe: 'Let the person at the client permit what a tool was refused',
      })
      .option('host', { type: 'string', describe: 'http: address to listen on' })
      .option('port', { type: 'number', describe: 'http: port to listen on; 0: any' })
      .option('auth', {
        type: 'boolean',
        default: true,
        describe: 'http: ask for a token',
      })
      .option('token-file', { type: 'string', describe: 'http: file with the bearer token' })
      .option('allowed-hosts', { type: 'string', describe: 'http: further names of the server' })
      .option('allowed-origins', { type: 'string', describe: 'http: web pages that may call' })
      .option('public-url', { type: 'string', describe: 'http: URL that clients use' })
      .option('issuer', { type: 'string', describe: 'http: OAuth server whose tokens are taken' })
      .option('audience', { type: 'string', describe: 'http: what its tokens must be made for' })
      .option('required-scopes', { type: 'string', describe: 'http: scopes that they must have' })
      .epilogue(
        `The token is given by the variable ${httpTokenVariable} or a file, never by a flag, which other users can see.\n--no-auth asks for none, and listens on this machine alone.`,
      )
      .example('$0 serve', 'the command that an MCP client starts')
      .example('$0 serve --transport http', 'for many clients; shows its address and a token'),

  async run({ transport, auth, ask, ...flags }, context) {
    if (transport === 'stdio') refuseHttpFlags(auth, flags);
    const serving = transport === 'http' ? await prepareHttp(auth, context) : prepareStdio(context);
    const { config, logger } = context;
    keepHeapSteady();
    const host = await openToolHost(config, ({ kind, ...event }) => logger.debug(kind, event));
    try {
      void host.runtime.warmUp();
      await serving(host, ask ? { permissions: new AskedPermissions(host.registry, currentGrantor) } : {});
    } finally {
      await host.close('stop');
      logger.info('stopped', { ...host.runtime.counters() });
    }
    return 0;
  },
});

const httpFlags = [
  ...['host', 'port', 'token-file', 'allowed-hosts', 'allowed-origins'],
  ...['public-url', 'issuer', 'audience', 'required-scopes'],
];

/** Who names a port means HTTP, and would wait for ever for it on stdio. */
function refuseHttpFlags(auth: boolean, flags: Readonly<Record<string, unknown>>): void {
  const named = auth ? httpFlags.find((flag) => flags[flag] !== undefined) : 'no-auth';
  if (named === undefined) return;
  throw new KamiError('KAMI_USAGE', {
    message: `--${named} is for --transport http, and stdio is the transport if none is named.`,
    fix: `Add --transport http, or leave --${named} out.`,
  });
}

/** Serves the tools of a host until the client or the operator ends it. */
type Serving = (host: ToolHost, more: Pick<ServerDeps, 'permissions'>) => Promise<void>;

function prepareStdio({ logger, version, signal }: CommandContext): Serving {
  return async (host, more) => {
    logger.info('serving MCP on stdio', { tools: host.tools().length });
    await serveStdio({ host, logger, version, states: statesOf(host), ...more }, signal);
  };
}

function statesOf({ registry }: ToolHost): RequestStates {
  return new RequestStates(() => readStateKey(registry));
}

/** Loads the HTTP server, which nobody else waits for, and finds out who may call before anything is started. */
async function prepareHttp(auth: boolean, context: CommandContext): Promise<Serving> {
  const { config, logger, version, signal } = context;
  const [{ serveHttp }, { resolveHttpSettings }, { makeToken, readToken }] = await Promise.all([
    import('../mcp/http/serve-http.ts'),
    import('../mcp/http/http-settings.ts'),
    import('../mcp/http/bearer-token.ts'),
  ]);
  const { http } = config.values;
  const variable = process.env[httpTokenVariable];
  // From here on no tool can be granted it.
  delete process.env[httpTokenVariable];
  const given = readToken(variable, http.tokenFile, (file) =>
    logger.warn(
      `Other users of this machine may read the token in ${file}. Make it yours: chmod 600 ${file}`,
    ),
  );
  const settings = resolveHttpSettings(http, { auth, token: given }, makeToken);
  return async (host, more) => {
    const stopCalls = () => host.runtime.close('stop');
    logger.info('serving MCP over HTTP', { tools: host.tools().length });
    await serveHttp(
      { host, logger, version, stopCalls, states: statesOf(host), ...more },
      settings,
      announce,
      signal,
    );
  };

  function announce({ url, ...address }: HttpEndpoint): void {
    const { access } = settings;
    const token = access.kind === 'guarded' ? access.token : undefined;
    const made = token?.origin === 'made' ? { token: token.value } : {};
    if (context.json) {
      const said = { url, ...address, auth: doorsOf(access), ...made, pid: process.pid };
      context.print(`${JSON.stringify(said)}\n`);
      return;
    }
    context.reporter.note(`MCP over HTTP: ${url}`);
    if (made.token !== undefined) {
      context.reporter.note(`Token of this start, shown this once: ${made.token}`);
      context.reporter.note(`Keep one of your own instead: ${httpTokenVariable}, or --token-file.`);
    }
    if (!settings.isLoopback && settings.publicUrl === undefined) {
      context.reporter.note('Others reach it, without encryption: put a proxy with TLS in front.');
    }
    if (access.kind === 'open') {
      context.reporter.note('No token is asked for: every program on this machine may call the tools.');
    }
  }
}

/** What opens the server: a token, an issuer's tokens, or nothing is asked for. */
function doorsOf(access: Access): readonly string[] {
  if (access.kind === 'open') return ['none'];
  return [
    ...(access.token === undefined ? [] : ['token']),
    ...(access.issuer === undefined ? [] : ['oauth']),
  ];
}
