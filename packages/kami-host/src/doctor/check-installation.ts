import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OwnCommand } from '../connect/own-command.ts';
import { siblingModule } from '../model/sibling-module.ts';
import { sqliteProblem } from '../registry/check-registry.ts';
import { type Finding, ok, problem } from './finding.ts';

/** What is started by its file name: threads and processes. */
const started = ['cli', 'sandbox/worker', 'component/intake-main', 'runtime/cell/cell-main'];
const again = 'Install KAMI again: npm install --global kami-host';

/** The Node that runs, KAMI's own files, and the native library. That Node is new enough was checked before. */
export async function checkInstallation(
  { node, bin }: OwnCommand,
  version: string,
): Promise<readonly Finding[]> {
  const files = [bin, ...started.map((module) => fileURLToPath(siblingModule(module)))];
  const missing = files.filter((file) => !existsSync(file));
  const sqlite = await sqliteProblem();
  return [
    ok(`KAMI ${version} at ${bin}, with Node ${process.versions.node} at ${node}.`),
    ...missing.map((file) => problem(`A file of KAMI is missing: ${file}.`, again)),
    ...(sqlite === undefined
      ? []
      : [
          problem(
            `The library of the registry does not load with this Node: ${sqlite}`,
            `${again} (with this Node)`,
          ),
        ]),
  ];
}
