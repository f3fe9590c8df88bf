import { ownSurroundings } from '../config/locations.ts';
import { ownCommand } from '../connect/own-command.ts';
import { type CheckReport, examine } from '../doctor/examine.ts';
import type { Finding, FindingStatus } from '../doctor/finding.ts';
import { cleanText } from '../terminal/clean-text.ts';
import type { Style } from '../terminal/style.ts';
import { defineCommand } from './command.ts';

export const doctor = defineCommand({
  builder: (yargs) =>
    yargs
      .epilogue(
        'Nothing is changed. The server is started as clients start it, where an entry of a client points to this KAMI. Exit code 1 says that there is a problem; warnings are none.',
      )
      .example('$0 doctor', 'when a client does not see its tools')
      .example('$0 doctor --json', 'for scripts, and for a report of a defect'),

  async run(_args, context) {
    const { config, configProblem, version, signal, json, style } = context;
    const surroundings = ownSurroundings();
    const reports = await examine({
      config,
      configProblem,
      own: ownCommand(),
      version,
      surroundings,
      signal,
    });
    const findings = reports.flatMap((report) => report.findings);
    const count = (status: FindingStatus) => findings.filter((finding) => finding.status === status).length;
    const counts = { problems: count('problem'), warnings: count('warning') };
    context.print(json ? `${JSON.stringify(documentOf(reports, counts))}\n` : textOf(reports, counts, style));
    return counts.problems > 0 ? 1 : 0;
  },
});

interface Counts {
  readonly problems: number;
  readonly warnings: number;
}

function documentOf(reports: readonly CheckReport[], counts: Counts): object {
  return {
    ...counts,
    findings: reports.flatMap(({ check, findings }) =>
      findings.map(({ status, what, fix, code }) => ({
        check,
        status,
        what,
        fix: fix ?? null,
        code: code ?? null,
      })),
    ),
  };
}

function textOf(reports: readonly CheckReport[], { problems, warnings }: Counts, style: Style): string {
  const parts = reports
    .filter(({ findings }) => findings.length > 0)
    .map(
      ({ check, findings }) =>
        `${style.bold(check)}\n${findings.map((finding) => findingText(finding, style)).join('')}`,
    );
  const many = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  const end =
    problems + warnings === 0
      ? 'All is well.'
      : `${many(problems, 'problem')}, ${many(warnings, 'warning')}.`;
  return `${parts.join('')}\n${end}\n`;
}

function findingText({ status, what, fix, code }: Finding, style: Style): string {
  const color = { ok: style.green, warning: style.yellow, problem: style.red }[status];
  const text = (words: string) =>
    cleanText(words, { multiline: true }).trim().replaceAll('\n', '\n           ');
  const mend = fix === undefined ? '' : `    ${style.bold('fix:')}   ${text(fix)}\n`;
  return `  ${color(status.padEnd(8))} ${text(what)}\n${mend}${code === undefined ? '' : style.dim(`           ${code}\n`)}`;
}
