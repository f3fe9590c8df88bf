import { statSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import type { Surroundings } from '../config/locations.ts';
import { bareEnvironment } from '../connect/bare-environment.ts';
import { secretNames } from '../model/credential.ts';
import { noGrant } from '../model/grant.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import type { Registry } from '../registry/open-registry.ts';
import { createSecretStore, type SecretStore } from '../registry/secret-store.ts';
import { deniedGrants } from '../runtime/installed-tools.ts';
import { type Finding, findingOf, ok, problem, warning } from './finding.ts';

/** What tools are granted that is not there: folders, secrets, variables; and grants that have no effect. */
export function checkPermissions(
  registry: Registry,
  tools: readonly InstalledTool[],
  config: Config,
  surroundings: Surroundings,
): readonly Finding[] {
  if (tools.length === 0) return [];
  const secrets = createSecretStore(registry);
  const findings = tools.flatMap((tool) => {
    try {
      return checkTool(tool, { registry, secrets, config, surroundings });
    } catch (error) {
      return [findingOf(error)];
    }
  });
  return findings.length > 0 ? findings : [ok('All that is granted is there.')];
}

interface Deps {
  readonly registry: Registry;
  readonly secrets: SecretStore;
  readonly config: Config;
  readonly surroundings: Surroundings;
}

function checkTool(
  tool: InstalledTool,
  { registry, secrets, config, surroundings }: Deps,
): readonly Finding[] {
  const { id } = tool;
  const { mounts, environment, credentials } = registry.grants.find(id) ?? noGrant;
  const set = secretsOf(id, secrets);
  const needed = new Set(credentials.flatMap(({ value }) => secretNames(value)));
  const missing = [...needed].filter((name) => !set.has(name));
  const { env, platform } = surroundings;
  const inherited = bareEnvironment(platform, env);
  const variables = environment.filter((name) => !set.has(name) && inherited[name] === undefined);
  return [
    ...deniedGrants(tool, { registry, config }).map(({ item, reason }) =>
      warning(`${item} is granted to ${id} and has no effect: ${reason}.`, `kami revoke ${id} '${item}'`),
    ),
    ...mounts
      .filter(({ hostPath }) => statSync(hostPath, { throwIfNoEntry: false })?.isDirectory() !== true)
      .map(({ hostPath, guestPath }) =>
        problem(
          `${id} is granted the folder ${hostPath}, which is not there.`,
          `Make the folder, or: kami revoke ${id} mount=${guestPath}`,
        ),
      ),
    ...missing.map((name) =>
      problem(`${id} needs the secret ${name}, which is not set.`, `kami secret set ${id} ${name}`),
    ),
    ...variables.map((name) => {
      const state =
        env[name] === undefined
          ? 'which is not set'
          : 'which is set in this shell, but clients do not pass it on';
      return warning(`${id} may have the variable ${name}, ${state}.`, `kami secret set ${id} ${name}`);
    }),
  ];
}

function secretsOf(id: InstalledTool['id'], secrets: SecretStore): ReadonlySet<string> {
  try {
    return new Set(secrets.read(id).keys());
  } catch {
    // That the file can't be read is a finding about the folders, and none about each tool.
    return new Set(secrets.list(id).map(({ name }) => name));
  }
}
