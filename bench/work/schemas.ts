import * as z from 'zod';

// The same schemas for everybody: what is compared is what surrounds the handlers.
export const echoInput = z.object({ message: z.string() });
export const fibInput = z.object({ n: z.int().min(0).max(40) });
export const fetchInput = z.object({ url: z.url() });
export const transformInput = z.object({
  rows: z.array(z.record(z.string(), z.unknown())),
  atLeast: z.number(),
  sortBy: z.string(),
});
