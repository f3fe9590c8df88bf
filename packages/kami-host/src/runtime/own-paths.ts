import type { Config } from '../config/config.ts';
import { kamiFolder } from '../registry/kami-folder.ts';

/** Files and folders of KAMI itself, which no tool may reach. */
export function ownPaths({ values, file }: Pick<Config, 'values' | 'file'>): readonly string[] {
  const { databasePath } = values.registry;
  return [values.dataDir, kamiFolder(databasePath), databasePath, ...(file === undefined ? [] : [file])];
}
