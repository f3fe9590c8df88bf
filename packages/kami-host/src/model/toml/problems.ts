import type { ErrorCode } from '../../errors/catalogue.ts';
import { KamiError } from '../../errors/kami-error.ts';

/** One thing that is wrong with a setting, wherever it was made. */
export interface Problem {
  /** Where it was found: `tool.toml:7:1`, the name of a variable, a flag. */
  readonly where: string;
  /** Line of the file, from 1; undefined for a variable or flag, or when the file has no such line. */
  readonly line: number | undefined;
  /** Dotted name of the key, `''` when it is about the whole. */
  readonly key: string;
  readonly message: string;
  readonly fix: string;
}

const maxListed = 10;

/** Collects what is wrong with one file or one set of settings, to report it in one go. */
export class ProblemList {
  readonly #listed: Problem[] = [];
  #count = 0;

  /** True when further problems will only be counted: nothing need be worked out about them. */
  get isFull(): boolean {
    return this.#listed.length >= maxListed;
  }

  add(problem: Problem): void {
    this.#count += 1;
    if (!this.isFull) this.#listed.push(problem);
  }

  /** Counts a problem that is not worth describing any more. */
  skip(): void {
    this.#count += 1;
  }

  /**
   * @param subject what the problems are in, such as the path of the file
   * @throws KamiError of the code given, when there is any problem; `data` has `{ count, problems: Problem[] }`
   */
  throwIfAny(code: ErrorCode, subject: string): void {
    const error = this.toError(code, subject);
    if (error !== undefined) throw error;
  }

  /** The error that `throwIfAny` throws; undefined when there is no problem. */
  toError(code: ErrorCode, subject: string): KamiError | undefined {
    if (this.#count === 0) return undefined;
    const problems = this.#listed.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
    const more = this.#count - problems.length;
    const [first] = problems;
    const isSingle = this.#count === 1 && first !== undefined;
    return new KamiError(code, {
      message: isSingle
        ? `${first.where}: ${first.message}`
        : [
            `${subject} has ${this.#count} problems:`,
            ...problems.map((problem) => `  ${problem.where}: ${problem.message}`),
            ...(more > 0 ? [`  and ${more} more`] : []),
          ].join('\n'),
      fix: isSingle ? first.fix : problems.map((problem) => problem.fix).join('\n'),
      data: {
        count: this.#count,
        problems: problems.map(({ where, line, key, message, fix }) => ({
          where,
          ...(line === undefined ? {} : { line }),
          key,
          message,
          fix,
        })),
      },
    });
  }
}
