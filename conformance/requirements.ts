import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { suitePackage } from './places.ts';

/** What a revision of the protocol demands of a server. */
export interface Requirements {
  readonly revision: string;
  /** Scenarios that count. */
  readonly scored: readonly string[];
  /** Why a scenario that is run does not count. */
  readonly unscored: ReadonlyMap<string, string>;
}

/** As the suite's files have it. */
interface RequirementsFile {
  readonly server: readonly string[];
  readonly not_scored: readonly {
    readonly scenario: string;
    readonly leg: string;
    readonly reason: string;
  }[];
}

/** Reads what the suite says of a revision. */
export function readRequirements(revision: string): Requirements {
  // The suite's own reader of YAML.
  const yaml = createRequire(path.join(suitePackage, 'package.json'))('yaml') as {
    readonly parse: (text: string) => unknown;
  };
  const file = path.join(suitePackage, 'requirements', `${revision}.yaml`);
  const { server, not_scored } = yaml.parse(readFileSync(file, 'utf8')) as RequirementsFile;
  const unscored = not_scored.filter(({ leg }) => leg === 'server');
  return {
    revision,
    scored: server,
    unscored: new Map(unscored.map(({ scenario, reason }) => [scenario, reason])),
  };
}
