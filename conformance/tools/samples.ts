import { kamiTool, text } from 'kami-guest';

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

/** A PNG of one red pixel. */
export const redPixel = bytesOf(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
);

/** A WAV file without a single sample. */
export const silence = bytesOf('UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=');

/** Long enough for what was said before to be on its way. */
export const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

/** A form with one field to fill in. */
export const formOf = <Name extends string, Type extends 'string' | 'boolean'>(name: Name, type: Type) =>
  ({
    type: 'object',
    properties: { [name]: { type } } as Record<Name, { type: Type }>,
    required: [name],
  }) as const;

/** What the default export of a module is that is there for its prompts and resources. */
export const bearer = kamiTool({
  description: 'Does nothing: it is there for what its component offers beside it.',
  input: { type: 'object', properties: {} },
  handler: () => text('Nothing.'),
});
