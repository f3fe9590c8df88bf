import { type ToolId, toolIdProblem } from '../model/ids.ts';
import { toWriteError } from './file-errors.ts';
import { privateFolder, privateFoldersOf } from './kami-folder.ts';
import { moveAside, type RemovalFailure, removeAside } from './remove-aside.ts';
import { sweepFolder } from './store-sweep.ts';

/**
 * The private folders of tools, as far as they have to go: what is in them a stranger's tool wrote, and may be
 * writing still. Each is moved aside in one step, which ends all use of it by its name, and then removed.
 *
 * `clear` and `sweep` are called inside `ToolRepository.transaction` only, so that no tool of the id is installed
 * meanwhile.
 */
export interface PrivateFolders {
  /**
   * Moves the folder of a tool aside, if there is one: a tool that is installed anew must not find what another left.
   * @throws KamiError `KAMI_FILE_UNWRITABLE`
   */
  clear(id: ToolId): void;
  /** Moves the folders of tools that are not in `installed` aside. Says what could not be moved. */
  sweep(installed: ReadonlySet<string>): readonly RemovalFailure[];
  /** Removes what was moved aside, also by processes that ended before they could. Needs no lock. */
  removeSwept(): Promise<readonly RemovalFailure[]>;
}

/** The private folders of the tools of an open registry. */
export function createPrivateFolders({ path }: { readonly path: string }): PrivateFolders {
  const parent = privateFoldersOf(path);
  return {
    clear(id) {
      const folder = privateFolder(path, id);
      try {
        moveAside(folder);
      } catch (error) {
        throw toWriteError(error, folder);
      }
    },
    sweep: (installed) =>
      sweepFolder(parent, (name) => toolIdProblem(name) === undefined && !installed.has(name)),
    removeSwept: () => removeAside(parent),
  };
}
