import type { Refusal } from '../model/capability.ts';
import { askTargets } from '../model/client-request.ts';
import { anyFolder } from '../model/grant-item.ts';
import { packageGuestPath } from '../model/guest-path.ts';
import { parseHostPattern } from '../model/host-match.ts';
import type { PolicyMount } from './call-policy.ts';

/**
 * The one permission that would have allowed what was refused, as `kami grant` takes it; undefined where nothing
 * would. What a tool asks for is its own choice of words, so nothing wider than one exact host or folder is named.
 */
export function grantThatAllows(
  { capability, subject }: Pick<Refusal, 'capability' | 'subject'>,
  mounts: readonly PolicyMount[],
): string | undefined {
  switch (capability) {
    case 'network':
    case 'sockets':
      return hostGrant(subject);
    case 'file-system':
      return mountGrant(subject, mounts);
    case 'client':
      return askTargets.some((target) => target === subject) ? `ask=${subject}` : undefined;
    default:
      return undefined;
  }
}

const originForm = /^(https?|tcp):\/\/([^/?#@]+)$/;

function hostGrant(subject: string): string | undefined {
  const [, scheme, authority] = originForm.exec(subject) ?? [];
  if (scheme === undefined || authority === undefined) return undefined;
  const pattern = parseHostPattern(scheme === 'https' ? authority : subject);
  return pattern?.kind === 'exact' ? `net=${pattern.text}` : undefined;
}

/** Only a folder that is granted for reading could be granted for writing: others do not exist for the tool. */
function mountGrant(subject: string, mounts: readonly PolicyMount[]): string | undefined {
  if (!subject.endsWith('(read-only)')) return undefined;
  const path = subject.slice(subject.indexOf('/'));
  const mount = mounts.find(
    ({ guestPath, access }) =>
      access === 'read-only' && /^[ /]/.test(path.slice(guestPath.length)) && path.startsWith(guestPath),
  );
  return mount === undefined || isOurs(mount) ? undefined : `mount=${anyFolder}:${mount.guestPath}:rw`;
}

/** The tool's package can't be granted for writing. */
function isOurs({ guestPath }: PolicyMount): boolean {
  return guestPath === packageGuestPath;
}
