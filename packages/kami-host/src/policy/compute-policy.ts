import { credentialHeader, credentialHost, credentialValue, secretNames } from '../model/credential.ts';
import type { Grant } from '../model/grant.ts';
import { formatGrantItem } from '../model/grant-item.ts';
import { defaultPorts, type HostPattern, matchesHost, parseHostPattern } from '../model/host-match.ts';
import { isVariableName } from '../model/variable-name.ts';
import type { CallPolicy, DeniedGrant, NetworkPolicy, PolicyCredential } from './call-policy.ts';
import { fileRules, type PolicyPaths } from './file-rules.ts';
import { limitRules, type PolicyDefaults } from './limit-rules.ts';

export interface PolicyInput {
  /** What the operator granted the tool; `noGrant` when nothing. What the tool asks for plays no part. */
  readonly grant: Grant;
  /** The configuration: limits that hold where none was granted. */
  readonly config: PolicyDefaults;
  readonly paths: PolicyPaths;
}

/**
 * What a call may do, from what was granted: pure and deeply frozen. What is unclear or contradicts itself is
 * denied, and listed in `denied` with the reason.
 */
export function computePolicy({ grant, config, paths }: PolicyInput): CallPolicy {
  const denied: DeniedGrant[] = [];
  const deny = (item: string, reason: string) => void denied.push(Object.freeze({ item, reason }));
  const environment = [...new Set(grant.environment)].filter((name) => {
    const isName = isVariableName(name);
    if (!isName) deny(`env=${name}`, 'it is not the name of a variable');
    return isName;
  });
  return Object.freeze({
    limits: limitRules(grant.limits, config, deny),
    network: networkRules(grant, deny),
    files: Object.freeze({ mounts: fileRules(grant, paths, deny) }),
    environment: Object.freeze(environment),
    asks: Object.freeze([...new Set(grant.asks)]),
    clock: grant.fineClock === true ? 'fine' : 'coarse',
    denied: Object.freeze(denied),
  });
}

type Deny = (item: string, reason: string) => void;

function networkRules({ network, credentials }: Grant, deny: Deny): NetworkPolicy {
  const allow = [...new Set(network)].flatMap((host) => {
    const pattern = parseHostPattern(host);
    if (pattern === undefined) deny(`net=${host}`, 'it is not a host pattern');
    return pattern === undefined ? [] : [pattern];
  });
  const places = new Set<string>();
  const rules = credentials.flatMap((credential): PolicyCredential[] => {
    const item = formatGrantItem({ kind: 'credential', ...credential });
    const checked = credentialHost(credential.host);
    const host = checked.ok ? parseHostPattern(checked.value) : undefined;
    const isRight = credentialHeader(credential.header).ok && credentialValue(credential.value).ok;
    const place = `${credential.host} ${credential.header.toLowerCase()}`;
    if (host === undefined || !isRight)
      deny(item, 'it is not a header of one exact host with a secret in it');
    else if (!allow.some((pattern) => reaches(pattern, host))) {
      deny(item, `its host is not granted: it needs net=${credential.host}`);
    } else if (places.has(place)) deny(item, 'another credential is granted for this header of the host');
    else {
      places.add(place);
      const { header, value } = credential;
      return [Object.freeze({ host, header, value, secrets: Object.freeze(secretNames(value)) })];
    }
    return [];
  });
  return Object.freeze({ allow: Object.freeze(allow), credentials: Object.freeze(rules) });
}

/** Whether what an exact pattern names may be reached by another one. */
function reaches(allowed: HostPattern, { scheme = 'https', host, port }: HostPattern): boolean {
  return scheme !== 'tcp' && matchesHost(allowed, { scheme, host, port: port ?? defaultPorts[scheme] });
}
