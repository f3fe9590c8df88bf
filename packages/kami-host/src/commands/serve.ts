import { httpTokenVariable } from '../config/config-keys.ts';
import { KamiError } from '../errors/kami-error.ts';
import type { Access } from '../mcp/http/http-settings.ts';
import type { HttpEndpoint } from '../mcp/http/serve-http.ts';
import { RequestStates } from '../mcp/request-state.ts';
import { serveStdio } from '../mcp/serve-stdio.ts';
import { createServedTools } from '../mcp/served-tools.ts';
import type { ServerDeps } from '../mcp/server-deps.ts';
import { keepHeapSteady } from '../process/steady-heap.ts';
import { readStateKey } from '../registry/state-key.ts';
import type { EventSink } from '../runtime/events.ts';
import { openToolHost, type ToolHost } from '../runtime/tool-host.ts';
import { AskedPermissions } from './ask-permission.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { currentGrantor } from './grant-flags.ts';
import { ceilingsOf, checkServing, lastOf, readServingChoice, servingOptions } from './serving-flags.ts';

export const serve = defineCommand({
  builder: (yargs) =>
    servingOptions(yargs)
      .option('transport', {
        choices: ['stdio', 'http'] as const,
        default: 'stdio' as const,
        coerce: lastOf<'stdio' | 'http'>,
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
      .option('host', { type: 'string', coerce: lastOf<string>, describe: 'http: address to listen on' })
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
      .example('$0 serve --only dev.kami.echo,com.example.*', 'some of the tools')
      .example('$0 serve --profile work', 'what [profiles.work] of the configuration file says')
      .example('$0 serve --transport http', 'for many clients; shows its address and a token'),

  async run(args, context) {
    const { transport, auth } = args;
    const { config, logger } = context;
    if (transport === 'stdio') refuseHttpFlags(auth, args);
    const choice = readServingChoice(args, config);
    const serve = transport === 'http' ? await prepareHttp(auth, context) : prepareStdio(context);
    keepHeapSteady();
    const onEvent: EventSink = ({ kind, ...event }) => logger.debug(kind, event);
    const host = await openToolHost(config, onEvent, ceilingsOf(choice));
    try {
      const serving = checkServing(choice, { registry: host.registry, config }, logger.warn);
      const served = createServedTools(host, serving, logger);
      void host.runtime.warmUp();
      const tools: Served = {
        host: served,
        ...(args.ask ? { permissions: new AskedPermissions(host.registry, currentGrantor) } : {}),
        states: new RequestStates(() => readStateKey(host.registry)),
      };
      await serve(host, tools);
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

/** What is served, however clients connect. */
type Served = Pick<ServerDeps, 'host' | 'permissions' | 'states'>;

/** Serves until the client or the operator ends it. */
type Serve = (host: ToolHost, served: Served) => Promise<void>;

function prepareStdio({ logger, version, signal }: CommandContext): Serve {
  return async (_, served) => {
    logger.info('serving MCP on stdio', { tools: served.host.tools().length });
    await serveStdio({ ...served, logger, version }, signal);
  };
}

/** Loads the HTTP server, which nobody else waits for, and finds out who may call before anything is started. */
async function prepareHttp(auth: boolean, context: CommandContext): Promise<Serve> {
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
  return async (host, served) => {
    const stopCalls = () => host.runtime.close('stop');
    logger.info('serving MCP over HTTP', { tools: served.host.tools().length });
    await serveHttp({ ...served, logger, version, stopCalls }, settings, announce, signal);
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
