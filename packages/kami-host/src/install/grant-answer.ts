import { KamiError } from '../errors/kami-error.ts';
import type { RequestedMount } from '../model/capability.ts';
import { type GrantChange, placeOf } from '../model/grant.ts';
import {
  formatGrantItem,
  formatGrantSelector,
  type GrantItem,
  type GrantSelector,
  selects,
} from '../model/grant-item.ts';
import type { RequestedItems } from './requested-items.ts';

/** What the operator said about permissions beforehand, by flags. */
export interface GrantFlags {
  /** `--yes`: grants a new tool what it asks for, but no folder. */
  readonly yes: boolean;
  readonly grant: readonly GrantItem[];
  readonly deny: readonly GrantSelector[];
  /** `--deny-all`: nothing but `grant`. */
  readonly denyAll: boolean;
}

/** The part of a plan that the answer depends on. */
export interface GrantQuestion {
  readonly isNew: boolean;
  /** What has not been decided about yet: all that a new tool asks for, or what an update asks for beyond that. */
  readonly open: RequestedItems;
}

export interface GrantAnswer {
  readonly change: GrantChange;
  /** What nobody has decided about. Not granted; where it is not empty a person should be asked. */
  readonly undecided: RequestedItems;
}

/**
 * What flags say to a question: pure.
 * `--yes` grants what a *new* tool asks for. It says nothing about what an update asks for beyond what was decided
 * before, and nothing about folders: these take `--grant`, `--deny` or `--deny-all`.
 * @throws KamiError `KAMI_USAGE` when the same is granted and denied
 */
export function answerByFlags({ isNew, open }: GrantQuestion, flags: GrantFlags): GrantAnswer {
  const { yes, grant, deny, denyAll } = flags;
  for (const item of grant) {
    const against = deny.find((selector) => selects(selector, item));
    if (against !== undefined) throw contradiction(item, against);
  }
  // Who grants memory=128 has decided about the 256 that the tool asks for.
  const decided = new Set(grant.map(placeOf));
  const isDenied = (item: GrantItem) => denyAll || deny.some((selector) => selects(selector, item));
  const left = open.items.filter((item) => !decided.has(placeOf(item)) && !isDenied(item));
  const byYes = isNew && yes ? left : [];
  const mountsLeft = open.mounts.filter((mount) => !isAnswered(mount, flags));
  const isAnswer = isNew && (yes || denyAll || grant.length > 0);
  return {
    change: { add: [...byYes, ...grant], remove: deny },
    undecided: isAnswer ? { items: [], mounts: [] } : { items: left, mounts: mountsLeft },
  };
}

function isAnswered({ path }: RequestedMount, { grant, deny, denyAll }: GrantFlags): boolean {
  const isDenied = deny.some(
    (selector) =>
      (selector.select === 'kind' && selector.kind === 'mount') ||
      (selector.select === 'mount-at' && selector.guestPath === path),
  );
  return denyAll || isDenied || grant.some((item) => item.kind === 'mount' && item.guestPath === path);
}

function contradiction(item: GrantItem, against: GrantSelector): KamiError {
  return new KamiError('KAMI_USAGE', {
    message: `${formatGrantItem(item)} is granted, and denied by ${formatGrantSelector(against)}.`,
    fix: 'Leave out one of the two.',
  });
}
