/**
 * The variables of one call: the granted names that have a value, first among the secrets of the tool, then in the
 * environment of the host. Everything else stays outside.
 */
export function resolveEnvironment(
  names: readonly string[],
  secrets: ReadonlyMap<string, string>,
  hostEnvironment: Readonly<Record<string, string | undefined>>,
): readonly (readonly [name: string, value: string])[] {
  return names.flatMap((name) => {
    const own = Object.hasOwn(hostEnvironment, name) ? hostEnvironment[name] : undefined;
    const value = secrets.get(name) ?? own;
    return value === undefined ? [] : [[name, value] as const];
  });
}
