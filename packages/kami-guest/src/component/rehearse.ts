import type { ToolDefinition } from '../definition.ts';

/**
 * Lets the schemas prepare, while the component is being built, what they would otherwise prepare anew in every
 * call: zod writes and compiles a parser of its own for each object, at several times the cost of a small call.
 * They are given an object that can't be looked into, so that none of the author's functions gets a value from it.
 */
export function rehearse({ input, output }: ToolDefinition): void {
  [input, output].map(async (schema) => {
    try {
      await schema?.validate(sealed);
    } catch {
      // It looked.
    }
  });
}

const sealed = new Proxy(
  {},
  {
    get() {
      throw 0;
    },
  },
);
