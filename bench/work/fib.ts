let calls = 0;

export interface FibAnswer {
  readonly value: number;
  readonly call: number;
}

export function answerFib({ n }: { readonly n: number }): FibAnswer {
  calls++;
  return { value: fib(n), call: calls };
}

function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
