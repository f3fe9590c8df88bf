import type { MountAccess } from '../model/capability.ts';
import type { AskTarget } from '../model/client-request.ts';
import type { HostPattern } from '../model/host-match.ts';
import type { Limits } from '../model/limits.ts';

/** All that one call may do, computed before it starts and deeply frozen. The sandbox gets this and reads nothing else. */
export interface CallPolicy {
  readonly limits: Limits;
  readonly network: NetworkPolicy;
  readonly files: FilePolicy;
  /** Names of the variables that the guest sees, when they have a value. */
  readonly environment: readonly string[];
  /** Whom the tool may ask through its client. */
  readonly asks: readonly AskTarget[];
  /** `coarse`: the guest's clocks stand still between their ticks, too far apart to measure the host by. */
  readonly clock: 'coarse' | 'fine';
  /** What was granted and is denied all the same, with the reason. */
  readonly denied: readonly DeniedGrant[];
}

export interface NetworkPolicy {
  readonly allow: readonly HostPattern[];
  readonly credentials: readonly PolicyCredential[];
}

/** What the host adds to requests. It holds no secret, only the names: the values are read when they are sent. */
export interface PolicyCredential {
  /** Exact; the credential goes nowhere else. */
  readonly host: HostPattern;
  readonly header: string;
  /** With `${NAME}` in the places of the secrets. */
  readonly value: string;
  readonly secrets: readonly string[];
}

export interface FilePolicy {
  readonly mounts: readonly PolicyMount[];
}

export interface PolicyMount {
  readonly guestPath: string;
  /** Absolute. */
  readonly hostPath: string;
  readonly access: MountAccess;
  /** Bounds of all that is in the folder; undefined for folders of the operator's. */
  readonly quota: FileQuota | undefined;
}

export interface FileQuota {
  readonly bytes: number;
  /** Files and folders. */
  readonly entries: number;
}

export interface DeniedGrant {
  /** As the grant is written: `mount=/srv:/data:rw`. */
  readonly item: string;
  /** To follow "it is denied, because …". */
  readonly reason: string;
}
