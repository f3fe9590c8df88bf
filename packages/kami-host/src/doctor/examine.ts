import type { Config } from '../config/config.ts';
import type { Surroundings } from '../config/locations.ts';
import type { OwnCommand } from '../connect/own-command.ts';
import type { KamiError } from '../errors/kami-error.ts';
import { checkCache } from './check-cache.ts';
import { checkClients } from './check-clients.ts';
import { checkConfiguration } from './check-configuration.ts';
import { checkFolders } from './check-folders.ts';
import { checkInstallation } from './check-installation.ts';
import { checkPermissions } from './check-permissions.ts';
import { checkRegistry } from './check-registry.ts';
import { checkTools } from './check-tools.ts';
import { type CheckName, type Finding, findingOf } from './finding.ts';

export interface ExaminationDeps {
  /** As far as it could be read. */
  readonly config: Config;
  readonly configProblem: KamiError | undefined;
  readonly own: OwnCommand;
  /** KAMI's own version. */
  readonly version: string;
  readonly surroundings: Surroundings;
  readonly signal: AbortSignal;
}

/** What was found at one check. */
export interface CheckReport {
  readonly check: CheckName;
  readonly findings: readonly Finding[];
}

/**
 * Looks at everything between clients and tools, and changes nothing. A check that fails itself is a finding, and does
 * not keep the others from looking.
 */
export async function examine(deps: ExaminationDeps): Promise<readonly CheckReport[]> {
  const { config, configProblem, own, version, surroundings } = deps;
  const reports: CheckReport[] = [];
  const look = async (check: CheckName, work: () => readonly Finding[] | Promise<readonly Finding[]>) => {
    const findings = await Promise.resolve()
      .then(work)
      .catch((error: unknown) => [findingOf(error)]);
    reports.push({ check, findings });
  };
  const { registry, tools, findings } = await checkRegistry(config.values.registry.databasePath);
  try {
    await look('installation', () => checkInstallation(own, version));
    await look('configuration', () => checkConfiguration(config, configProblem));
    await look('folders', () => checkFolders(config.values));
    await look('registry', () => findings);
    if (registry !== undefined) {
      await look('tools', () => checkTools(registry, tools));
      await look('permissions', () => checkPermissions(registry, tools, config, surroundings));
    }
  } finally {
    registry?.close();
  }
  await look('cache', () => checkCache(config.values.dataDir));
  await look('clients', () => checkClients({ ...deps, isRegistryReady: registry !== undefined }));
  return reports;
}
