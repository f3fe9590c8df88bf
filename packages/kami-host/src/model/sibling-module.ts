declare const KAMI_BUNDLED: boolean | undefined;

/** Whether this code runs from the published bundle, not from its sources. */
export const isBundled = typeof KAMI_BUNDLED !== 'undefined' && KAMI_BUNDLED;

/**
 * URL of a module that is started as a thread or process of its own, given by its path below `src`. In the bundle
 * all chunks share one folder, and the module is an entry named after its file there.
 */
export function siblingModule(path: string): URL {
  return isBundled
    ? new URL(`./${path.slice(path.lastIndexOf('/') + 1)}.js`, import.meta.url)
    : new URL(`../${path}.ts`, import.meta.url);
}
