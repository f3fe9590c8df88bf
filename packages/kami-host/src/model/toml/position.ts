/** A place in a file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Steps from the root of a document to a value: keys of tables, indexes of arrays. */
export type TomlPath = readonly (string | number)[];

/** The positions of a document as a tree of the same shape. */
export interface PositionNode {
  readonly position: Position;
  readonly children: Map<string | number, PositionNode>;
}

export function positionNode(position: Position): PositionNode {
  return { position, children: new Map() };
}

/** Where the value at `path` is; for a value that is not there, where the nearest table around it is. */
export function findPosition(root: PositionNode, path: TomlPath): Position {
  let node = root;
  for (const step of path) {
    const next = node.children.get(step);
    if (next === undefined) break;
    node = next;
  }
  return node.position;
}

/** A header or a pair that stands on lines of its own. Offsets are in UTF-16 units; `to` is behind the last one. */
export type TomlPart =
  | { readonly kind: 'header'; readonly path: readonly string[]; readonly from: number; readonly to: number }
  | {
      readonly kind: 'pair';
      /** Of the header above it. */
      readonly table: readonly string[];
      /** From the root, the path of its table included. */
      readonly path: readonly string[];
      readonly from: number;
      readonly valueFrom: number;
      readonly to: number;
    };
