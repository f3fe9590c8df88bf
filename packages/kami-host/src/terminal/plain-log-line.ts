import { cleanText } from './clean-text.ts';
import type { Style } from './style.ts';

const names: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/**
 * A line of pino's JSON as one line for people: `HH:MM:SS level message key=value`, local time. Whatever a tool
 * wrote into it can neither break the line nor reach the terminal as a control sequence.
 */
export function plainLogLine(json: string, style: Style): string {
  const { time, level, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const name = names[Number(level)] ?? String(level);
  const pairs = Object.entries(fields).map(([key, value]) =>
    style.dim(` ${cleanText(key)}=${showValue(value)}`),
  );
  const clock = style.dim(clockTime(new Date(Number(time))));
  return `${clock} ${styleOfLevel(name, style)(name.padEnd(5))} ${cleanText(String(msg ?? ''))}${pairs.join('')}\n`;
}

function styleOfLevel(name: string, style: Style): (text: string) => string {
  if (name === 'error' || name === 'fatal') return style.red;
  if (name === 'warn') return style.yellow;
  return name === 'info' ? style.green : style.dim;
}

function clockTime(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

function showValue(value: unknown): string {
  const text = typeof value === 'string' ? value : (messageOf(value) ?? JSON.stringify(value));
  const clean = cleanText(text);
  const needsQuotes =
    typeof value === 'string' ? /[\s"=]/.test(text) || text === '' : messageOf(value) !== undefined;
  return needsQuotes ? JSON.stringify(clean) : clean;
}

/** Of an error, pino keeps type, message and stack; a line has room for the message. */
function messageOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('stack' in value)) return undefined;
  return 'message' in value && typeof value.message === 'string' ? value.message : undefined;
}
