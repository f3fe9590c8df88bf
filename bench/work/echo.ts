/** Calls that this state has answered: a state that is fresh for every call always says 1. */
let calls = 0;

export interface EchoAnswer {
  readonly message: string;
  readonly call: number;
}

export function echo({ message }: { readonly message: string }): EchoAnswer {
  calls++;
  return { message, call: calls };
}
