import { isKamiError } from '../errors/kami-error.ts';
import { registryDamage } from '../registry/check-registry.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { openRegistry, type Registry } from '../registry/open-registry.ts';
import { corruptRegistry } from '../registry/sqlite-errors.ts';
import { type Finding, findingOf, ok } from './finding.ts';

/** What could be opened and read. */
export interface OpenedRegistry {
  readonly findings: readonly Finding[];
  /** Read only; undefined when there is none that this KAMI can use. The caller closes it. */
  readonly registry: Registry | undefined;
  /** All that can be read, disabled ones too. */
  readonly tools: readonly InstalledTool[];
}

/** Opens the registry without the means to change it, and has SQLite look at all of it. */
export async function checkRegistry(path: string): Promise<OpenedRegistry> {
  let registry: Registry | undefined;
  try {
    registry = await openRegistry(path, { readonly: true });
    const damage = await registryDamage(path);
    const { tools, damaged } = registry.tools.findAll();
    const count = tools.length === 1 ? '1 tool is' : `${tools.length} tools are`;
    const broken = [
      ...(damage.length === 0 ? [] : [findingOf(corruptRegistry(path, damage.join('; ')))]),
      ...damaged.map((error) => findingOf(error)),
    ];
    const findings = broken.length > 0 ? broken : [ok(`The registry ${path} is intact; ${count} installed.`)];
    return { findings, registry, tools };
  } catch (error) {
    registry?.close();
    return { findings: [notOpened(path, error)], registry: undefined, tools: [] };
  }
}

function notOpened(path: string, error: unknown): Finding {
  if (!isKamiError(error)) return findingOf(error);
  if (error.code === 'KAMI_FILE_NOT_FOUND')
    return ok(`No tool is installed yet: there is no registry at ${path}.`);
  // An older registry is brought up to date by the next command that may write to it.
  const isOlder = error.code === 'KAMI_REGISTRY_READ_ONLY' && error.data?.known !== undefined;
  return findingOf(error, isOlder ? 'warning' : 'problem');
}
