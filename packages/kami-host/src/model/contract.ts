/** What a tool's component must export, and what the host offers it: the world `kami-tool` of wit/ beside WASI 0.2. */
export const toolExport = 'kami:tool/tool@0.1.0';

/** What it may export beside that: functions of texts. */
export const offerExports = {
  prompts: 'kami:tool/prompts@0.1.0',
  resources: 'kami:tool/resources@0.1.0',
} as const;
export type OfferInterface = keyof typeof offerExports;

/**
 * Every interface a component may import. The patch version is the component's choice: WASI 0.2.x and
 * kami:tool 0.1.x are compatible within their minor version (component model, semver of interface names).
 */
export const offeredInterfaces = [
  'kami:tool/client',
  'kami:tool/host',
  'wasi:cli/environment',
  'wasi:cli/exit',
  'wasi:cli/stderr',
  'wasi:cli/stdin',
  'wasi:cli/stdout',
  'wasi:cli/terminal-input',
  'wasi:cli/terminal-output',
  'wasi:cli/terminal-stderr',
  'wasi:cli/terminal-stdin',
  'wasi:cli/terminal-stdout',
  'wasi:clocks/monotonic-clock',
  'wasi:clocks/wall-clock',
  'wasi:filesystem/preopens',
  'wasi:filesystem/types',
  'wasi:http/outgoing-handler',
  'wasi:http/types',
  'wasi:io/error',
  'wasi:io/poll',
  'wasi:io/streams',
  'wasi:random/insecure',
  'wasi:random/insecure-seed',
  'wasi:random/random',
  'wasi:sockets/instance-network',
  'wasi:sockets/ip-name-lookup',
  'wasi:sockets/network',
  'wasi:sockets/tcp',
  'wasi:sockets/tcp-create-socket',
  'wasi:sockets/udp',
  'wasi:sockets/udp-create-socket',
] as const;

export type OfferedInterface = (typeof offeredInterfaces)[number];

const offered: ReadonlySet<string> = new Set(offeredInterfaces);
const offeredVersions: Readonly<Record<string, RegExp>> = {
  wasi: /^0\.2\.\d+$/,
  kami: /^0\.1\.\d+$/,
};

/** Whether the host offers an interface, given by its full name such as `wasi:io/poll@0.2.10`. */
export function isOffered(interfaceName: string): boolean {
  const at = interfaceName.lastIndexOf('@');
  if (at === -1) return false;
  const name = interfaceName.slice(0, at);
  const namespace = name.slice(0, name.indexOf(':'));
  return offered.has(name) && (offeredVersions[namespace]?.test(interfaceName.slice(at + 1)) ?? false);
}
