import type { Refusal } from '../model/capability.ts';
import { fillCredential } from '../model/credential.ts';
import type { GrantItem } from '../model/grant-item.ts';
import { packageGuestPath, privateGuestPath } from '../model/guest-path.ts';
import { createRedactor, type Redactor } from '../model/redactor.ts';
import type { CallPolicy } from '../policy/call-policy.ts';
import { grantThatAllows } from '../policy/refusal-remedy.ts';
import { resolveEnvironment } from '../policy/resolve-environment.ts';
import { type Credential, defaultNetworkLimits } from '../sandbox/egress/network-grant.ts';
import { createFiles } from '../sandbox/files/create-files.ts';
import { SharedFiles } from '../sandbox/files/file-call.ts';
import { defaultFileLimits } from '../sandbox/files/file-grant.ts';
import type { HostService } from '../sandbox/host-call/dispatcher.ts';
import type { GuestView } from '../sandbox/protocol.ts';
import type { CallableTool } from './callable-tool.ts';
import { type Caller, ClientService } from './client-service.ts';
import type { Execution } from './executor.ts';

/** What surrounds one call: the services it may ask, what it sees, and what was refused it on the way. */
export interface CallSurroundings {
  readonly services: Execution['services'];
  readonly guest: GuestView;
  /** What the tool asked of its caller; known when the call has ended. */
  readonly client: Pick<ClientService, 'open'>;
  /** Hides the tool's secrets in whatever leaves the call. */
  readonly redact: Redactor;
  /** What the services refused; complete when the call has ended. */
  readonly refusals: RefusalList;
  /** Secrets that granted credentials need and that have no value. */
  readonly unsetSecrets: readonly string[];
}

const sharedFiles = new SharedFiles();

/** Makes the surroundings of one call from the tool's frozen policy. What was not granted has no service at all. */
export async function surroundCall(tool: SurroundedTool, caller: Caller): Promise<CallSurroundings> {
  const { policy, values, notes } = tool;
  const { network, files } = policy;
  const secrets = needsSecrets(policy) ? values.secrets() : new Map<string, string>();
  const refusals = new RefusalList(files.mounts);
  const onRefusal = (capability: Refusal['capability'], subject: string) => refusals.add(capability, subject);
  const egress = network.allow.length === 0 ? undefined : await makeEgress(tool, secrets, onRefusal);
  const noteMount = (guestPath: string) => {
    const item = mountItem(policy, guestPath);
    if (item !== undefined) notes.onUse(item);
  };
  for (const name of policy.environment) notes.onUse({ kind: 'env', name });
  const mounts = files.mounts.map(({ quota, ...mount }) =>
    quota === undefined ? mount : { ...mount, quota },
  );
  const client = new ClientService({
    ...{ tool: tool.name, caller, granted: policy.asks, onRefusal },
    onUse: (target) => notes.onUse({ kind: 'ask', target }),
  });
  return {
    client,
    services: {
      client,
      ...(egress === undefined ? {} : { egress }),
      ...(mounts.length === 0
        ? {}
        : {
            files: createFiles(
              { mounts, limits: defaultFileLimits },
              { shared: sharedFiles, onRefusal, onUse: (guestPath) => noteMount(guestPath) },
            ),
          }),
    },
    guest: {
      environment: resolveEnvironment(policy.environment, secrets, values.environment),
      clock: policy.clock,
    },
    redact: createRedactor(secrets.values()),
    refusals,
    unsetSecrets: [...new Set(network.credentials.flatMap((credential) => credential.secrets))].filter(
      (name) => !secrets.has(name),
    ),
  };
}

type SurroundedTool = Pick<CallableTool, 'name' | 'policy' | 'values' | 'notes'>;

/** Loads what talks to the network only for a tool that may: Node's HTTP takes longer to start than the rest of KAMI. */
async function makeEgress(
  { policy: { network, limits }, notes }: SurroundedTool,
  secrets: ReadonlyMap<string, string>,
  onRefusal: (capability: Refusal['capability'], subject: string) => void,
): Promise<HostService> {
  const { createEgress } = await import('../sandbox/egress/create-egress.ts');
  return createEgress(
    {
      allow: network.allow,
      credentials: network.credentials.flatMap((credential) => withSecrets(credential, secrets)),
      limits: { ...defaultNetworkLimits, maxConcurrent: limits.maxConcurrentRequests },
    },
    {
      onRefusal,
      onUse: (host) => notes.onUse({ kind: 'net', host }),
      onCredential: ({ host, header }) => {
        const used = network.credentials.find((known) => known.host === host && known.header === header);
        if (used !== undefined)
          notes.onUse({ kind: 'credential', host: host.text, header, value: used.value });
      },
    },
  );
}

function needsSecrets({ network, environment }: CallPolicy): boolean {
  return network.credentials.length > 0 || environment.length > 0;
}

/** What granted the folder at a path. */
function mountItem({ files }: CallPolicy, guestPath: string): GrantItem | undefined {
  const mount = files.mounts.find((candidate) => candidate.guestPath === guestPath);
  if (mount === undefined) return undefined;
  if (guestPath === privateGuestPath) return { kind: 'fs', access: 'sandbox' };
  if (guestPath === packageGuestPath) {
    const isPrivateToo = files.mounts.some((other) => other.guestPath === privateGuestPath);
    return { kind: 'fs', access: isPrivateToo ? 'sandbox' : 'read-only' };
  }
  return { kind: 'mount', hostPath: mount.hostPath, guestPath, access: mount.access };
}

/** A credential whose secret is not set is not sent: the service it belongs to will say that it is missing. */
function withSecrets(
  { host, header, value }: CallPolicy['network']['credentials'][number],
  secrets: ReadonlyMap<string, string>,
): readonly Credential[] {
  const filled = fillCredential(value, secrets);
  return filled === undefined ? [] : [{ host, header, value: filled }];
}

const maxSubjects = 64;
/** Characters. */
const maxSubjectLength = 300;

/** Refusals of one call, each subject once. */
export class RefusalList {
  readonly #counts = new Map<string, Refusal>();
  readonly #mounts: CallPolicy['files']['mounts'];

  constructor(mounts: CallPolicy['files']['mounts']) {
    this.#mounts = mounts;
  }

  add(capability: Refusal['capability'], asked: string, count = 1): void {
    const subject = asked.slice(0, maxSubjectLength);
    const key = `${capability} ${subject}`;
    const known = this.#counts.get(key);
    if (known !== undefined) this.#counts.set(key, { ...known, count: known.count + count });
    else if (this.#counts.size < maxSubjects) {
      const grant = grantThatAllows({ capability, subject }, this.#mounts);
      this.#counts.set(key, { capability, subject, count, ...(grant === undefined ? {} : { grant }) });
    }
  }

  has(capability: Refusal['capability'], asked: string): boolean {
    return this.#counts.has(`${capability} ${asked.slice(0, maxSubjectLength)}`);
  }

  list(): readonly Refusal[] {
    return [...this.#counts.values()];
  }
}
