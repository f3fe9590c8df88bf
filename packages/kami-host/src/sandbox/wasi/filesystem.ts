/** No call is handed a descriptor, so the class has no operations that could be called. */
class Descriptor {}
class DirectoryEntryStream {}

/** An empty list of preopens: there is no path that a tool could name. */
export const filesystemInterfaces = {
  'wasi:filesystem/preopens': { getDirectories: (): [] => [] },
  'wasi:filesystem/types': {
    Descriptor,
    DirectoryEntryStream,
    filesystemErrorCode: (): undefined => undefined,
  },
};
