import { realpathSync, statSync } from 'node:fs';
import { KamiError } from '../errors/kami-error.ts';
import { formatGrantItem, type GrantItem, parseGrantItem } from '../model/grant-item.ts';
import { isWithin } from '../model/path-overlap.ts';
import { fileErrorCode } from '../registry/file-errors.ts';

/**
 * A mount with its folder as it really is, links resolved: what is granted is this folder, whatever a link leads to
 * later. Other items are given back as they are.
 *
 * @param kamiFolders folders of KAMI itself, which no tool may reach
 * @throws KamiError `KAMI_GRANT_MOUNT_REFUSED` for what is no folder, or touches KAMI's own
 */
export function checkMountFolder(item: GrantItem, kamiFolders: readonly string[]): GrantItem {
  if (item.kind !== 'mount') return item;
  const refused = (why: string, fix: string, cause?: unknown) =>
    new KamiError('KAMI_GRANT_MOUNT_REFUSED', {
      message: `${item.hostPath} can't be granted as ${item.guestPath}: ${why}. Nothing was granted.`,
      fix,
      cause,
      data: { item: formatGrantItem(item) },
    });
  let hostPath: string;
  try {
    hostPath = realpathSync(item.hostPath);
    if (!statSync(hostPath).isDirectory())
      throw refused('it is no folder', 'Grant the folder that it is in.');
  } catch (error) {
    if (error instanceof KamiError) throw error;
    const why = fileErrorCode(error) === 'ENOENT' ? 'there is no such folder' : 'it is not accessible';
    throw refused(why, 'Give the path of an existing folder.', error);
  }
  const own = kamiFolders
    .map(realFolder)
    .find((folder) => isWithin(folder, hostPath) || isWithin(hostPath, folder));
  if (own !== undefined) {
    throw refused(
      `the files of KAMI itself are in ${own}, and no tool may reach them`,
      'Grant a folder that has nothing to do with them, such as a folder made for this tool.',
    );
  }
  // Read again as a text, so that a name that can't be written as a grant is refused now and not when it is used.
  return parseGrantItem(formatGrantItem({ ...item, hostPath }));
}

function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
