import type { Refusal } from '../model/capability.ts';
import { createRedactor, type Redactor } from '../model/redactor.ts';
import type { CallPolicy } from '../policy/call-policy.ts';
import { resolveEnvironment } from '../policy/resolve-environment.ts';
import { createEgress } from '../sandbox/egress/create-egress.ts';
import { type Credential, defaultNetworkLimits } from '../sandbox/egress/network-grant.ts';
import { createFiles } from '../sandbox/files/create-files.ts';
import { SharedFiles } from '../sandbox/files/file-call.ts';
import { defaultFileLimits } from '../sandbox/files/file-grant.ts';
import type { GuestView } from '../sandbox/protocol.ts';
import type { Execution } from './executor.ts';
import type { CallableTool } from './callable-tool.ts';

/** What surrounds one call: the services it may ask, what it sees, and what was refused it on the way. */
export interface CallSurroundings {
  readonly services: Execution['services'];
  readonly guest: GuestView;
  /** Hides the tool's secrets in whatever leaves the call. */
  readonly redact: Redactor;
  /** What the services refused; complete when the call has ended. */
  readonly refusals: RefusalList;
}

const sharedFiles = new SharedFiles();

/** Makes the surroundings of one call from the tool's frozen policy. What was not granted has no service at all. */
export function surroundCall({ policy, values, notes }: Pick<CallableTool, 'policy' | 'values' | 'notes'>): CallSurroundings {
  const { network, files, limits } = policy;
  const secrets = needsSecrets(policy) ? values.secrets() : new Map<string, string>();
  const refusals = new RefusalList();
  const onRefusal = (capability: Refusal['capability'], subject: string) => refusals.add(capability, subject);
  const egress = createEgress(
    {
      allow: network.allow,
      credentials: network.credentials.flatMap((credential) => withSecrets(credential, secrets)),
      limits: { ...defaultNetworkLimits, maxConcurrent: limits.maxConcurrentRequests },
    },
    { onRefusal, onUse: (host) => notes.onUse({ kind: 'net', host }) },
  );
  const mounts = files.mounts.map(({ quota, ...mount }) => (quota === undefined ? mount : { ...mount, quota }));
  return {
    services: {
      ...(network.allow.length === 0 ? {} : { egress }),
      ...(mounts.length === 0
        ? {}
        : { files: createFiles({ mounts, limits: defaultFileLimits }, { shared: sharedFiles, onRefusal }) }),
    },
    guest: {
      environment: resolveEnvironment(policy.environment, secrets, values.environment),
      clock: policy.clock,
    },
    redact: createRedactor(secrets.values()),
    refusals,
  };
}

function needsSecrets({ network, environment }: CallPolicy): boolean {
  return network.credentials.length > 0 || environment.length > 0;
}

/** A credential whose secret is not set is not sent: the service it belongs to will say that it is missing. */
function withSecrets(
  { host, header, value, secrets: names }: CallPolicy['network']['credentials'][number],
  secrets: ReadonlyMap<string, string>,
): readonly Credential[] {
  if (!names.every((name) => secrets.has(name))) return [];
  return [{ host, header, value: value.replace(/\$\{([^}]*)\}/g, (_place, name: string) => secrets.get(name) ?? '') }];
}

const maxSubjects = 64;

/** Refusals of one call, each subject once. */
export class RefusalList {
  readonly #counts = new Map<string, Refusal>();

  add(capability: Refusal['capability'], subject: string, count = 1): void {
    const key = `${capability} ${subject}`;
    const known = this.#counts.get(key);
    if (known !== undefined) this.#counts.set(key, { ...known, count: known.count + count });
    else if (this.#counts.size < maxSubjects) this.#counts.set(key, { capability, subject, count });
  }

  has(capability: Refusal['capability'], subject: string): boolean {
    return this.#counts.has(`${capability} ${subject}`);
  }

  list(): readonly Refusal[] {
    return [...this.#counts.values()];
  }
}
