import type { Config } from '../config/config.ts';
import { describeItem, describeMount } from '../install/request-words.ts';
import { requestedItems } from '../install/requested-items.ts';
import { secretNames } from '../model/credential.ts';
import { type Grant, grantItems, hasGrantItem, noGrant } from '../model/grant.ts';
import { anyFolder, formatGrantItem, type GrantItem } from '../model/grant-item.ts';
import type { InstalledTool } from '../registry/installed-tool.ts';
import { openRegistry, type Registry } from '../registry/open-registry.ts';
import { requireTool } from '../registry/require-tool.ts';
import { deniedGrants } from '../runtime/installed-tools.ts';
import { table } from '../terminal/table.ts';
import { defineCommand } from './command.ts';

export const permissions = defineCommand({
  builder: (yargs) =>
    yargs
      .positional('id', { type: 'string', demandOption: true, describe: 'Id of an installed tool' })
      .example('$0 permissions dev.kami.http-fetch', 'what it asks for, may do, and has used'),

  async run({ id }, context) {
    const registry = await openRegistry(context.config.values.registry.databasePath);
    try {
      const report = reportOf(registry, requireTool(registry.tools, id), context.config);
      context.print(
        context.json ? `${JSON.stringify(report)}\n` : textOf(report, context.width, context.style.bold),
      );
      return 0;
    } finally {
      registry.close();
    }
  },
});

interface PermissionRow {
  /** As `kami grant` and `kami revoke` take it; for a folder that nobody has chosen yet, with `<folder>`. */
  readonly item: string;
  readonly meaning: string;
  readonly requested: boolean;
  readonly granted: boolean;
  /** ISO 8601, to the minute; null when never, or not known. */
  readonly lastUsed: string | null;
  /** Why it is denied although it is granted; null when it is not. */
  readonly denied: string | null;
}

interface PermissionReport {
  readonly id: string;
  readonly permissions: readonly PermissionRow[];
  readonly grantedBy: string | null;
  readonly grantedAt: string | null;
  /** Secrets that granted credentials need, and those that are set. */
  readonly secrets: readonly { readonly name: string; readonly needed: boolean; readonly set: boolean }[];
  readonly refusals: ReturnType<Registry['grants']['refusals']>;
}

function reportOf(registry: Registry, tool: InstalledTool, config: Config): PermissionReport {
  const { grants, secrets } = registry;
  const grant = grants.find(tool.id) ?? noGrant;
  const needed = new Set(grant.credentials.flatMap(({ value }) => secretNames(value)));
  const set = new Set(secrets.list(tool.id).map(({ name }) => name));
  return {
    id: tool.id,
    permissions: rowsOf(tool, grant, {
      uses: grants.lastUses(tool.id),
      denied: new Map(deniedGrants(tool, { registry, config }).map(({ item, reason }) => [item, reason])),
    }),
    grantedBy: grant.grantedBy ?? null,
    grantedAt: grant.grantedAt ?? null,
    secrets: [...new Set([...needed, ...set])].toSorted().map((name) => ({
      name,
      needed: needed.has(name),
      set: set.has(name),
    })),
    refusals: grants.refusals(tool.id),
  };
}

function rowsOf(
  tool: InstalledTool,
  grant: Grant,
  { uses, denied }: Record<'uses' | 'denied', ReadonlyMap<string, string>>,
): readonly PermissionRow[] {
  const asked = requestedItems(tool);
  const askedTexts = new Set(asked.items.map(formatGrantItem));
  const granted = grantItems(grant);
  const isAskedMount = (item: GrantItem) =>
    item.kind === 'mount' && asked.mounts.some(({ path }) => path === item.guestPath);
  const row = (item: GrantItem): PermissionRow => ({
    item: formatGrantItem(item),
    meaning: describeItem(item),
    requested: askedTexts.has(formatGrantItem(item)) || isAskedMount(item),
    granted: hasGrantItem(grant, item),
    lastUsed: uses.get(formatGrantItem(item)) ?? null,
    denied: denied.get(formatGrantItem(item)) ?? null,
  });
  return [
    ...granted.map(row),
    ...asked.items.filter((item) => !hasGrantItem(grant, item)).map(row),
    ...asked.mounts
      .filter(({ path }) => !grant.mounts.some(({ guestPath }) => guestPath === path))
      .map((mount) => ({
        item: `mount=${anyFolder}:${mount.path}:${mount.access === 'read-only' ? 'ro' : 'rw'}`,
        meaning: describeMount(mount),
        requested: true,
        granted: false,
        lastUsed: null,
        denied: null,
      })),
  ];
}

function textOf(report: PermissionReport, width: number | undefined, bold: (text: string) => string): string {
  const { id, permissions: rows, grantedBy, grantedAt, secrets, refusals } = report;
  const parts: string[] = [];
  if (rows.length === 0) parts.push(`${id} asks for no permission and is granted none.\n`);
  else {
    parts.push(
      table(
        [
          ['PERMISSION', 'REQUESTED', 'GRANTED', 'LAST USED'],
          ...rows.map(({ item, requested, granted, lastUsed, denied }) => [
            item,
            requested ? 'yes' : 'no',
            denied === null ? (granted ? 'yes' : 'no') : 'no effect',
            lastUsed ?? (granted ? 'never' : ''),
          ]),
        ],
        { width },
      ),
    );
  }
  for (const { item, denied } of rows) {
    if (denied !== null) parts.push(`\n${item} has no effect: ${denied}.\n`);
  }
  if (grantedAt !== null) parts.push(`\nLast changed by ${grantedBy}, ${grantedAt}.\n`);
  if (secrets.length > 0) {
    const lines = secrets.map(({ name, needed, set }) => [
      name,
      set ? 'set' : `missing: kami secret set ${id} ${name}`,
      needed ? '' : 'no granted credential uses it',
    ]);
    parts.push(`\n${bold('Secrets')}\n${table(lines, { width })}`);
  }
  if (refusals.length > 0) {
    const lines = refusals.map(({ capability, subject, count, lastAt }) => [
      capability,
      subject,
      count === 1 ? 'once' : `${count} times`,
      lastAt,
    ]);
    parts.push(`\n${bold('Refused lately')}\n${table(lines, { width })}`);
  }
  const missing = rows.filter(({ requested, granted }) => requested && !granted);
  if (missing.length > 0) parts.push(`\nGrant one: kami grant ${id} <PERMISSION>\n`);
  return parts.join('');
}
