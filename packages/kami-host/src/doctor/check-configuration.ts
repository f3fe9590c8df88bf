import type { Config } from '../config/config.ts';
import type { KamiError } from '../errors/kami-error.ts';
import { type Finding, findingOf, ok, warning } from './finding.ts';

/** The settings; what is wrong with them is one finding each, with its place. */
export function checkConfiguration(
  { file, warnings }: Pick<Config, 'file' | 'warnings'>,
  error: KamiError | undefined,
): readonly Finding[] {
  const slips = warnings.map(({ message, fix }) => warning(message, fix));
  if (error !== undefined) return [...problemsOf(error), ...slips];
  const from = file === undefined ? 'there is no configuration file' : `from ${file}`;
  return [ok(`The settings are valid (${from}).`), ...slips];
}

function problemsOf(error: KamiError): readonly Finding[] {
  const list: unknown = error.data?.problems;
  if (!Array.isArray(list)) return [findingOf(error)];
  return (list as readonly { readonly where: string; readonly message: string; readonly fix: string }[]).map(
    ({ where, message, fix }) => ({
      status: 'problem',
      what: `${where}: ${message} The next source of this setting is used instead in what follows.`,
      fix,
      code: error.code,
    }),
  );
}
