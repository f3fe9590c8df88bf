import { quoteText } from '../text.ts';

/** What was found in place of what was expected, in words, bounded and safe to print: `the number 5`. */
export function describeFound(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty text' : `the text ${quoteText(value)}`;
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Date) return 'a date or time';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'a table';
  return 'nothing';
}
