import * as z from 'zod';
import { echo } from './echo.ts';
import { fetchText } from './fetch.ts';
import { answerFib } from './fib.ts';
import { echoInput, fetchInput, fibInput, transformInput } from './schemas.ts';
import { transform } from './transform.ts';

export const workNames = ['echo', 'transform', 'fib', 'fetch'] as const;
export type WorkName = (typeof workNames)[number];

/** A tool as any framework takes it. */
export interface Work {
  readonly description: string;
  readonly input: z.ZodObject;
  readonly handler: (input: unknown) => unknown;
}

/** What every subject serves. */
const works: Readonly<Record<WorkName, Work>> = {
  echo: define('Sends a message back.', echoInput, echo),
  transform: define('Filters, sorts and renames rows of JSON.', transformInput, transform),
  fib: define('Computes a Fibonacci number the slow way.', fibInput, answerFib),
  fetch: define('Fetches a web address.', fetchInput, fetchText),
};

function define<Shape extends z.ZodRawShape>(
  description: string,
  input: z.ZodObject<Shape>,
  handler: (input: z.infer<z.ZodObject<Shape>>) => unknown,
): Work {
  return { description, input, handler: (given) => handler(given as z.infer<z.ZodObject<Shape>>) };
}

export interface NamedWork extends Work {
  /** As clients see the tool. */
  readonly name: string;
  readonly work: WorkName;
}

/** A server with this many tools: one has the echo alone, larger ones the works and then echoes by other names. */
export function worksOf(count: number): readonly NamedWork[] {
  return Array.from({ length: count }, (_, index) => {
    const work = workNames[index] ?? 'echo';
    return { ...works[work], work, name: index < workNames.length ? work : `echo-${index + 1}` };
  });
}

/** The JSON schema that tools/list shows. */
export function listedSchema({ input }: Work): { type: 'object'; [key: string]: unknown } {
  return { ...z.toJSONSchema(input), type: 'object' };
}
