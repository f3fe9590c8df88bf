import type { Config } from '../config/config.ts';
import { KamiError } from '../errors/kami-error.ts';
import type { InstallPlan } from '../install/install-tool.ts';
import { checkMountFolder } from '../install/mount-folder.ts';
import { describeItem, describeMount } from '../install/request-words.ts';
import type { RequestedItems } from '../install/requested-items.ts';
import type { RequestedMount } from '../model/capability.ts';
import { formatGrantItem, type GrantItem, parseGrantItem } from '../model/grant-item.ts';
import { ownPaths } from '../runtime/own-paths.ts';
import { askChoice, askSeveral, askText } from '../terminal/ask.ts';

/**
 * Asks the person at the terminal what to grant of what is open.
 * @returns what was granted; undefined when the tool is not to be installed at all
 */
export async function askGrants(
  plan: InstallPlan,
  open: RequestedItems,
  config: Config,
): Promise<readonly GrantItem[] | undefined> {
  const isNew = plan.basis === undefined;
  const answer = await askChoice(`Install ${plan.id} ${plan.version}?`, [
    { value: 'all', label: isNew ? 'Yes, and grant all it asks for' : 'Yes, and grant what is new' },
    { value: 'choose', label: 'Yes, and choose what to grant' },
    {
      value: 'nothing',
      label: isNew ? 'Yes, and grant nothing' : 'Yes, and leave the permissions as they are',
    },
    { value: 'cancel', label: 'No' },
  ]);
  if (answer === undefined || answer === 'cancel') return undefined;
  if (answer === 'nothing') return [];
  const chosen = answer === 'all' ? open : await choose(open);
  if (chosen === undefined) return undefined;
  const granted = [...chosen.items];
  for (const mount of chosen.mounts) {
    const folder = await askFolder(mount, config);
    if (folder === undefined) return undefined;
    if (folder !== '') granted.push(mountItem(mount, folder, config));
  }
  return granted;
}

async function choose({ items, mounts }: RequestedItems): Promise<RequestedItems | undefined> {
  const chosen = await askSeveral('What may it do? (space chooses, enter ends)', [
    ...items.map((item) => ({ value: formatGrantItem(item), label: describeItem(item) })),
    ...mounts.map((mount) => ({ value: mount.path, label: describeMount(mount) })),
  ]);
  if (chosen === undefined) return undefined;
  return {
    items: items.filter((item) => chosen.includes(formatGrantItem(item))),
    mounts: mounts.filter(({ path }) => chosen.includes(path)),
  };
}

/** The folder for a mount; empty for none. */
async function askFolder(mount: RequestedMount, config: Config): Promise<string | undefined> {
  const question = `Which folder may it ${mount.access === 'read-only' ? 'read' : 'read and change'} as ${mount.path}? (empty: none)`;
  return askText(question, '/path/of/a/folder', (line) => {
    if (line === '') return undefined;
    try {
      mountItem(mount, line, config);
      return undefined;
    } catch (error) {
      return error instanceof KamiError ? error.message : String(error);
    }
  });
}

function mountItem({ path, access }: RequestedMount, folder: string, config: Config): GrantItem {
  const text = `mount=${folder}:${path}:${access === 'read-only' ? 'ro' : 'rw'}`;
  return checkMountFolder(parseGrantItem(text), ownPaths(config));
}
