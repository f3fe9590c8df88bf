/// <reference path="./generated/guest/kami-tool.d.ts" preserve="true" />
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
  return Object.freeze(Object.fromEntries(entries)) as ToolLog;
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
    if (typeof value !== 'object' || value === null) return formatScalar(value);
    return formatObject(value);
  } catch {
    return '[unprintable]';
  }
}

/** An error as name, message, stack and cause. */
export function formatError(error: Error, depth = 0): string {
  const head = String(error);
  const stack = typeof error.stack === 'string' ? cleanStack(error.stack) : '';
  // V8 begins the stack with the message, SpiderMonkey does not.
  const all = stack.startsWith(head) ? stack : stack === '' ? head : `${head}\n${stack}`;
  if (error.cause === undefined || depth > 4) return all;
  const cause = error.cause instanceof Error ? formatError(error.cause, depth + 1) : formatValue(error.cause);
  return `${all}\nCaused by: ${cause}`;
}

function cleanStack(stack: string): string {
  // The frames of the glue that componentize-js puts around a component tell an author nothing.
  const lines = stack.split('\n').filter((line) => line.trim() !== '' && !line.includes('/initializer.js:'));
  return lines.map((line) => (line.includes('@') ? `    ${line.trim()}` : line)).join('\n');
}

function formatScalar(value: unknown): string {
  if (typeof value === 'function') return `[function ${value.name || 'anonymous'}]`;
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

function formatObject(value: object): string {
  const open: unknown[] = [];
  const json = JSON.stringify(value, function (this: unknown, key: string, item: unknown): unknown {
    // `this` holds the item: whatever was opened after it is closed by now.
    while (open.length > 0 && open.at(-1) !== this) open.pop();
    if (typeof item === 'bigint' || typeof item === 'function' || typeof item === 'symbol')
      return formatScalar(item);
    if (item === undefined && key !== '') return '[undefined]';
    if (typeof item !== 'object' || item === null) return item;
    if (open.includes(item)) return '[circular]';
    if (item instanceof Error) return formatError(item);
    const plain: unknown =
      item instanceof Map ? Object.fromEntries(item) : item instanceof Set ? [...item] : item;
    open.push(plain);
    return plain;
  });
  return json ?? String(value);
}
