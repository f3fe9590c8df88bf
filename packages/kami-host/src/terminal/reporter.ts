import { cleanText } from './clean-text.ts';
import { createStyle } from './style.ts';

/** A step that runs. Exactly one of its ends is called. */
export interface Step {
  /** `detail` is what came of it, such as `1.6 MB`. */
  done(detail?: string): void;
  failed(detail?: string): void;
}

/** Tells people how far a command is. */
export interface Reporter {
  step(label: string): Step;
  note(text: string): void;
}

export interface ReporterOptions {
  /** Where it writes: stderr. */
  readonly stream: { readonly isTTY?: boolean; write(text: string): unknown };
  /** Says nothing, for `--json`. */
  readonly silent: boolean;
  readonly color: boolean;
}

const frames = ['|', '/', '-', '\\'];
const frameMs = 120;

/**
 * On a terminal the step that runs has a spinner, which its end replaces; elsewhere its start and its end are
 * lines of their own.
 */
export function createReporter({ stream, silent, color }: ReporterOptions): Reporter {
  if (silent) return silentReporter;
  const style = createStyle(color);
  const isTerminal = stream.isTTY === true;
  const line = (mark: string, text: string, detail = '') => {
    const behind = detail === '' ? '' : style.dim(` ${cleanText(detail)}`);
    stream.write(`${mark} ${cleanText(text)}${behind}\n`);
  };

  return {
    note: (text) => line('-', text),
    step(label) {
      const stop = isTerminal ? spin(stream, cleanText(label)) : () => {};
      if (!isTerminal) line('…', label);
      return {
        done(detail) {
          stop();
          line(style.green('✓'), label, detail);
        },
        failed(detail) {
          stop();
          line(style.red('✗'), label, detail);
        },
      };
    },
  };
}

function spin(stream: ReporterOptions['stream'], label: string): () => void {
  let frame = 0;
  const draw = () => {
    stream.write(`\r\u001b[2K${frames[frame % frames.length]} ${label}`);
    frame += 1;
  };
  draw();
  const timer = setInterval(draw, frameMs);
  // A command that forgot to end a step must still be able to exit.
  timer.unref();
  return () => {
    clearInterval(timer);
    stream.write('\r\u001b[2K');
  };
}

const silentReporter: Reporter = Object.freeze({
  note: () => {},
  step: () => ({ done: () => {}, failed: () => {} }),
});
