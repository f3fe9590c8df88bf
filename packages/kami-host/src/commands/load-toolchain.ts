import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as GuestBuild from 'kami-guest/build';
import { KamiError } from '../errors/kami-error.ts';

/**
 * The tool chain of an author's project: operators do not carry its hundreds of megabytes.
 * @throws KamiError `KAMI_TOOLCHAIN_MISSING`
 */
export async function loadToolchain(projectDir: string): Promise<typeof GuestBuild> {
  let path: string;
  try {
    path = createRequire(join(projectDir, 'package.json')).resolve('kami-guest/build');
  } catch (cause) {
    throw new KamiError('KAMI_TOOLCHAIN_MISSING', {
      message: `The project ${projectDir} has no tool chain: the package kami-guest is not installed there.`,
      fix: `Install it in the project: npm install --save-dev kami-guest`,
      cause,
    });
  }
  return (await import(pathToFileURL(path).href)) as typeof GuestBuild;
}
