import { confirm, isCancel, multiselect, password, select, text } from '@clack/prompts';
import { cleanText } from './clean-text.ts';

/** One answer that can be chosen. */
export interface Choice<T extends string> {
  readonly value: T;
  /** May come from a stranger: it is cleaned. */
  readonly label: string;
}

/** Asks a yes-or-no question on stderr; anything but a yes is a no. */
export async function askYesNo(question: string): Promise<boolean> {
  const answer = await confirm({ message: cleanText(question), initialValue: false, output: process.stderr });
  return !isCancel(answer) && answer;
}

/** Asks for one of several answers on stderr; undefined when the person gave up. */
export async function askChoice<T extends string>(
  question: string,
  choices: readonly Choice<T>[],
): Promise<T | undefined> {
  const options = choices.map(({ value, label }) => ({ value: value as string, label: cleanText(label) }));
  const answer = await select({ message: cleanText(question), options, output: process.stderr });
  return isCancel(answer) ? undefined : (answer as T);
}

/** Asks for any number of several answers on stderr, none chosen at first; undefined when the person gave up. */
export async function askSeveral(
  question: string,
  choices: readonly Choice<string>[],
): Promise<readonly string[] | undefined> {
  const options = choices.map(({ value, label }) => ({ value, label: cleanText(label) }));
  const answer = await multiselect({
    message: cleanText(question),
    options,
    required: false,
    output: process.stderr,
  });
  return isCancel(answer) ? undefined : answer;
}

/**
 * Asks for a line of text on stderr; undefined when the person gave up.
 * @param problem what is wrong with a line, or undefined; the person may correct it
 */
export async function askText(
  question: string,
  placeholder: string,
  problem: (line: string) => string | undefined,
): Promise<string | undefined> {
  const answer = await text({
    message: cleanText(question),
    placeholder,
    validate: (line) => problem(line ?? ''),
    output: process.stderr,
  });
  return isCancel(answer) ? undefined : (answer ?? '');
}

/** Asks for a secret without showing it; undefined when the person gave up. */
export async function askSecret(question: string): Promise<string | undefined> {
  const answer = await password({ message: cleanText(question), output: process.stderr });
  return isCancel(answer) ? undefined : answer;
}
