/** What is going on, on stderr: stdout is for the results. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
