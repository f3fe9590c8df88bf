import type * as Preopens from '@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-preopens';
import type { CallState } from './call-state.ts';
import { FilesClient, filesystemErrorCode } from './filesystem-client.ts';
import { Descriptor, DirectoryEntryStream, directoryFlags } from './filesystem-descriptor.ts';

/** The folders that the host holds for this call. Without any, there is no path that a tool could name. */
export function filesystemInterfaces({ host, handles }: Pick<CallState, 'host' | 'handles'>) {
  const files = host === undefined ? undefined : new FilesClient(host, handles);
  return {
    'wasi:filesystem/preopens': {
      getDirectories: () => (files === undefined ? [] : preopens(files)),
    } satisfies typeof Preopens,
    'wasi:filesystem/types': { Descriptor, DirectoryEntryStream, filesystemErrorCode },
  };
}

function preopens(files: FilesClient): [Descriptor, string][] {
  try {
    return files
      .call('preopens', undefined)
      .map(({ handle, guestPath, mutable }) => [
        new Descriptor(files, handle, 'directory', directoryFlags(mutable)),
        guestPath,
      ]);
  } catch (error) {
    // The interface has no error: a call that was granted no folders has none.
    if (typeof error === 'string') return [];
    throw error;
  }
}
