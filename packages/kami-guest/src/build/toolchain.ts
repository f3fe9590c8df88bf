import { dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version as sdk } from '../generated/version.ts';
import { wit } from '../generated/wit.ts';
import { BuildError } from './build-error.ts';
import { findPackage } from './find-package.ts';

const here = fileURLToPath(import.meta.url);
/** `.ts` when this package runs from its sources, `.js` when it runs as published. */
const extension = extname(here);

/** A file of this package, given without its extension and relative to the folder of this module. */
export function ownFile(path: string): string {
  return fileURLToPath(new URL(`${path}${extension}`, import.meta.url));
}

/** The folder of this package's own code. */
export const ownDir = dirname(dirname(here));

/** Features of the engine that a component gets. A tool is no HTTP server: no `fetch-event`. */
export const disabledFeatures = ['fetch-event'] as const;

export interface Toolchain {
  /** Version of componentize-js, which carries the engine. */
  readonly engineVersion: string;
  /** Everything beside the bundle that a component's bytes depend on. */
  readonly fingerprint: string;
}

/**
 * The installed tool chain, without loading it.
 * @throws BuildError `componentize` when it is not installed
 */
export function findToolchain(): Toolchain {
  const componentize = findPackage('@bytecodealliance/componentize-js', ownDir);
  if (componentize === undefined) {
    throw new BuildError('componentize', {
      message: 'The package @bytecodealliance/componentize-js, a dependency of kami-guest, is not installed.',
      fix: 'npm install --save-dev kami-guest',
    });
  }
  const jco = findPackage('@bytecodealliance/jco', componentize.dir);
  return {
    engineVersion: componentize.version,
    fingerprint: JSON.stringify([sdk, componentize.version, jco?.version, disabledFeatures, wit]),
  };
}
