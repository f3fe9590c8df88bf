import { KamiError } from '../errors/kami-error.ts';
import { offeredTypes } from '../generated/offered-types.ts';
import { MalformedBinary } from './binary-reader.ts';
import type { InstanceType } from './component-types.ts';
import { readImportedTypes, withoutVersion } from './imported-types.ts';
import { invalidComponent } from './interfaces.ts';

/**
 * Checks every function and type that a component imports against what KAMI offers, by name and by type: the glue
 * converts values as the component declares them, and would hand our functions what they do not expect.
 * @throws KamiError `KAMI_COMPONENT_IMPORT_REFUSED`, `KAMI_COMPONENT_INVALID`
 */
export function checkImportedTypes(bytes: Uint8Array, source: string): void {
  const refused = [...read(bytes, source)].flatMap(([name, members]) => differences(name, members));
  if (refused.length === 0) return;
  throw new KamiError('KAMI_COMPONENT_IMPORT_REFUSED', {
    message: `${source} imports what KAMI does not offer: ${refused.slice(0, 8).join('; ')}.`,
    fix: 'Rebuild the component against WASI 0.2 and kami:tool@0.1.0 as they are published; docs/SANDBOX.md lists what KAMI offers.',
    data: { refused },
  });
}

function read(bytes: Uint8Array, source: string): ReadonlyMap<string, InstanceType> {
  try {
    return readImportedTypes(bytes);
  } catch (cause) {
    if (!(cause instanceof MalformedBinary)) throw cause;
    throw invalidComponent(source, cause.message, cause);
  }
}

function differences(name: string, members: InstanceType): readonly string[] {
  const key = withoutVersion(name);
  const offered = Object.hasOwn(offeredTypes, key) ? offeredTypes[key] : undefined;
  if (offered === undefined) return [name];
  return [...members].flatMap(([member, type]) => {
    if (!Object.hasOwn(offered, member)) return [`${name} has no ${member}`];
    return offered[member] === type ? [] : [`${member} of ${name} has another type`];
  });
}
