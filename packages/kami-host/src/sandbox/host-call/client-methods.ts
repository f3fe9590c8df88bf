import type { Methods } from './protocol.ts';

/** What a worker passes on of what a guest tells and asks its client. */
export interface ClientMethods extends Methods {
  readonly progress: {
    readonly args: {
      readonly done: number;
      readonly total: number | undefined;
      readonly message: string | undefined;
    };
    readonly result: undefined;
  };
  /** Requests and answers as JSON. Fails with `inputRequired` where the call has to be done again with answers. */
  readonly ask: { readonly args: { readonly requests: string }; readonly result: string };
}

/** Code of a request whose answer is not there yet: the guest goes no further. */
export const inputRequired = 'input-required';
