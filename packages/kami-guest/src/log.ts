/// <reference path="./generated/guest/kami-tool-and-more.d.ts" preserve="true" />
import type { LogLevel } from 'kami:tool/host@0.1.0';

export type { LogLevel };

/** Where a tool's log lines go. `console` fits. */
export type ToolLog = { readonly [Level in LogLevel]: (...message: unknown[]) => void };

const levels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

/** A ToolLog that hands each line, as text, to one function. */
export function createLog(write: (level: LogLevel, line: string) => void): ToolLog {
  const entries = levels.map((level) => [
    level,
    (...message: unknown[]) => write(level, formatMessage(message)),
  ]);
  return Object.fromEntries(entries) as ToolLog;
}

export const silentLog: ToolLog = createLog(() => {});

/** Several values as one line of text, as a console shows them. Never throws. */
export function formatMessage(values: readonly unknown[]): string {
  return values.map(formatValue).join(' ');
}

function formatValue(value: unknown): string {
  try {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return formatError(value);
    return typeof value === 'object' && value !== null ? formatObject(value) : formatScalar(value);
  } catch {
    return '[unprintable]';
  }
}

/** An error as name, message, stack and cause. */
function formatError(error: Error): string {
  const head = String(error);
  // The frames of the glue that componentize-js puts around a component tell an author nothing.
  const stack = String(error.stack ?? '').replace(/^.*\/initializer\.js:.*$/gm, '');
  // V8 begins the stack with the message; SpiderMonkey does not.
  const all = (stack.startsWith(head) ? stack : `${head}\n${stack}`).trim();
  return error.cause === undefined ? all : `${all}\nCaused by: ${formatValue(error.cause)}`;
}

function formatScalar(value: unknown): string {
  if (typeof value === 'function') return `[function ${value.name || 'anonymous'}]`;
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

function formatObject(value: object): string {
  const open: unknown[] = [];
  return JSON.stringify(value, function (this: unknown, _key: string, item: unknown): unknown {
    if (item === null || ['string', 'number', 'boolean'].includes(typeof item)) return item;
    if (typeof item !== 'object') return formatScalar(item);
    if (item instanceof Error) return formatError(item);
    // `this` holds the item: whatever was opened after it is closed by now.
    while (open.length > 0 && open.at(-1) !== this) open.pop();
    if (open.includes(item)) return '[circular]';
    const plain = item instanceof Map ? Object.fromEntries(item) : item instanceof Set ? [...item] : item;
    open.push(plain);
    return plain;
  });
}
