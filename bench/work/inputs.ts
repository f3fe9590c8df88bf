import type { Row } from './transform.ts';
import type { WorkName } from './works.ts';

/** What a call of a work is given, and what its answer must be. */
export interface Task {
  readonly work: WorkName;
  readonly input: Readonly<Record<string, unknown>>;
  /** Throws when the answer is not right; `call` has been looked at already. */
  readonly check: (answer: Readonly<Record<string, unknown>>) => void;
}

const words = [
  'alder',
  'birch',
  'cedar',
  'elm',
  'hazel',
  'larch',
  'maple',
  'oak',
  'pine',
  'rowan',
  'willow',
  'yew',
];

/** About 100 kB of JSON, the same in every run. */
const rows: readonly Row[] = Array.from({ length: 640 }, (_, index) => ({
  id: index,
  name: `${words[(index * 7) % words.length]} ${words[(index * 5 + 3) % words.length]} ${(index * 7919) % 640}`,
  size: (index * 7919) % 1_000,
  tags: [words[index % words.length], words[(index * 3 + 1) % words.length]],
  note: 'grown in the north, cut in the autumn, dried for two years',
}));

export const transformTask: Task = {
  work: 'transform',
  input: { rows, atLeast: 500, sortBy: 'name' },
  check: ({ matched, rows: kept }) => {
    const wanted = rows.filter(({ size }) => Number(size) >= 500).length;
    expectEqual(matched, wanted);
    expectEqual(Array.isArray(kept) && kept.length, wanted);
  },
};

export const fibTask: Task = {
  work: 'fib',
  input: { n: 25 },
  check: ({ value }) => expectEqual(value, 75_025),
};

/** A call of `fib` that has nothing to compute. */
export const smallFibTask: Task = {
  work: 'fib',
  input: { n: 1 },
  check: ({ value }) => expectEqual(value, 1),
};

export const echoTask: Task = {
  work: 'echo',
  input: { message: 'a message of usual length' },
  check: ({ message }) => expectEqual(message, 'a message of usual length'),
};

/** @param url on loopback, which answers `ok` */
export function fetchTask(url: string): Task {
  return {
    work: 'fetch',
    input: { url },
    check: ({ status, text }) => {
      expectEqual(status, 200);
      expectEqual(text, 'ok');
    },
  };
}

function expectEqual(given: unknown, wanted: unknown): void {
  if (given !== wanted)
    throw new Error(`a wrong answer: ${JSON.stringify(given)} instead of ${JSON.stringify(wanted)}`);
}
