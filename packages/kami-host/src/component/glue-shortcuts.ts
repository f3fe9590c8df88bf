/**
 * Leaves out of the glue of a component what costs more than the call it is for, and nobody can tell: messages for
 * those who debug the transpiler, each of which looks at the environment of the process; and the bookkeeping of
 * tasks around the clock, which an engine of JavaScript reads a dozen times in a call that takes none at all.
 * What isn't found stays as it is.
 */
export function takeShortcuts(glue: string): string {
  const silent = glue.replace(debugLogForm, '$1const _debugLog = () => {};');
  const [, number, name] = clockForm.exec(silent) ?? [];
  const quick = number === undefined ? silent : withClock(silent, number, name ?? '');
  return quick.replace(messageForm, '');
}

function withClock(glue: string, number: string, name: string): string {
  return glue
    .replace(`_trampoline${number}.fnName = `, (head) => `${clockFunction(name)}\n${head}`)
    .replaceAll(`Object.assign(trampoline${number}, { _jcoMaySuspend: false })`, 'kamiClock');
}

const debugLogForm = /^( *)const _debugLog = \(\.\.\.args\) => \{\n[^}]*\}\n[^}]*\n *\};$/m;
/** A message of one text, and perhaps an object without others in it. */
const messageForm = /^ *_debugLog\('[^'\n]*'(?:, \{\n(?:[^{}\n]*\n)*? *\})?\);\n/gm;
/** From its beginning to the host's function that it calls, and its name. */
const clockForm =
  /const _trampoline(\d+) = function\(\) \{\n *_debugLog\('\[iface="wasi:clocks\/monotonic-clock@0\.2\.\d+", function="now"\](?:(?!_trampoline)[\s\S])*?_trackHostOperation\(\(\) => (now(?:\$\d+)?)\(\)\)/;

function clockFunction(name: string): string {
  return `const kamiClock = () => {
    _checkMayLeave(0);
    return toUint64(${name}());
  };`;
}
