declare const KAMI_BUNDLED: boolean | undefined;

/**
 * URL of a module that is started as a thread or process of its own, given by its path below `src`.
 * In the sources the caller is two levels below the package; in the bundle all chunks share one folder,
 * and the module is an entry named after its file there.
 */
export function siblingModule(callerUrl: string, path: string): URL {
  const bundled = typeof KAMI_BUNDLED !== 'undefined' && KAMI_BUNDLED;
  return bundled
    ? new URL(`./${path.slice(path.lastIndexOf('/') + 1)}.js`, callerUrl)
    : new URL(`../${path}.ts`, callerUrl);
}
