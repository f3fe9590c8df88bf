/** The only door to stdout: it belongs to the answer of a command, or to the protocol of a server. */
export function printText(text: string): void {
  process.stdout.write(text);
}

/** Calls back when whoever read stdout has gone; without a listener the next write would end the process. */
export function onReaderGone(callback: () => void): void {
  process.stdout.on('error', callback);
}

/** Columns of the terminal that stdout is; undefined when it is none. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined;
}

/** Tells people something on stderr. */
export function tellText(text: string): void {
  process.stderr.write(text);
}
