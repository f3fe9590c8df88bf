import { confirm, isCancel } from '@clack/prompts';

/** Asks a yes-or-no question on stderr; anything but a yes is a no. */
export async function askYesNo(question: string): Promise<boolean> {
  const answer = await confirm({ message: question, initialValue: false, output: process.stderr });
  return !isCancel(answer) && answer;
}
