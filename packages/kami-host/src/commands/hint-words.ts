import type { ToolAnnotations } from '../model/tool.ts';

/** What clients are told that a tool does, in words. */
export function hintWords({
  readOnlyHint,
  destructiveHint,
  idempotentHint,
  openWorldHint,
}: ToolAnnotations): string {
  const words = [
    wordFor(readOnlyHint, 'changes nothing', 'may change something'),
    ...(readOnlyHint === true
      ? []
      : [
          wordFor(destructiveHint, 'may destroy', 'destroys nothing'),
          wordFor(idempotentHint, 'a second call changes nothing more', undefined),
        ]),
    wordFor(openWorldHint, 'reaches others', 'reaches nobody'),
  ];
  return words.filter((word) => word !== undefined).join(', ');
}

/** Nothing is said of a hint that neither the sandbox nor the author gives. */
function wordFor(hint: boolean | undefined, yes: string, no: string | undefined): string | undefined {
  if (hint === undefined) return undefined;
  return hint ? yes : no;
}
