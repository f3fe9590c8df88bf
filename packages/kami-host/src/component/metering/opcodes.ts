/**
 * What follows an opcode and what it does to control: enough to find the straight-line blocks of a function,
 * no more. The order puts what code consists of first, for the sake of the reader's dispatch.
 */
export const kind = {
  refused: 0,
  plain: 1,
  local: 2,
  i32: 3,
  memory: 4,
  global: 5,
  i64: 6,
  f32: 7,
  f64: 8,
  v128: 9,
  lane: 10,
  memoryLane: 11,
  index: 12,
  memoryIndex: 13,
  selectTypes: 14,
  refNull: 15,
  call: 16,
  callIndirect: 17,
  block: 18,
  loop: 19,
  if: 20,
  else: 21,
  end: 22,
  br: 23,
  brIf: 24,
  brTable: 25,
  return: 26,
  unreachable: 27,
  returnCall: 28,
  returnCallIndirect: 29,
  /** Work by length, which is on top of the stack; followed by the indices it names. */
  memoryInit: 30,
  memoryCopy: 31,
  memoryFill: 32,
  tableTwo: 33,
  tableFill: 34,
  memoryGrow: 35,
  tableGrow: 36,
  try: 37,
  catch: 38,
  catchAll: 39,
  delegate: 40,
  tryTable: 41,
  throw: 42,
  rethrow: 43,
  throwRef: 44,
} as const;

/** Opcodes behind a prefix byte follow the one-byte opcodes in the table. */
export const bulkPrefix = 0xfc;
export const simdPrefix = 0xfd;
export const bulkBase = 0x100;
export const simdBase = 0x200;
const tableSize = 0x300;

/** First and last opcode, kind, and cost in fuel where it is not 1: marks of structure do no work. */
const rows: readonly (readonly [first: number, last: number, kind: number, cost?: 0])[] = [
  [0x00, 0x00, kind.unreachable],
  [0x01, 0x01, kind.plain],
  [0x02, 0x02, kind.block, 0],
  [0x03, 0x03, kind.loop, 0],
  [0x04, 0x04, kind.if],
  [0x05, 0x05, kind.else, 0],
  [0x06, 0x06, kind.try, 0],
  [0x07, 0x07, kind.catch, 0],
  [0x08, 0x08, kind.throw],
  [0x09, 0x09, kind.rethrow],
  [0x0a, 0x0a, kind.throwRef],
  [0x0b, 0x0b, kind.end, 0],
  [0x0c, 0x0c, kind.br],
  [0x0d, 0x0d, kind.brIf],
  [0x0e, 0x0e, kind.brTable],
  [0x0f, 0x0f, kind.return],
  [0x10, 0x10, kind.call],
  [0x11, 0x11, kind.callIndirect],
  [0x12, 0x12, kind.returnCall],
  [0x13, 0x13, kind.returnCallIndirect],
  [0x18, 0x18, kind.delegate, 0],
  [0x19, 0x19, kind.catchAll, 0],
  [0x1a, 0x1b, kind.plain], // drop, select
  [0x1c, 0x1c, kind.selectTypes],
  [0x1f, 0x1f, kind.tryTable, 0],
  [0x20, 0x22, kind.local],
  [0x23, 0x24, kind.global],
  [0x25, 0x26, kind.index], // table.get, table.set
  [0x28, 0x3e, kind.memory],
  [0x3f, 0x3f, kind.memoryIndex], // memory.size
  [0x40, 0x40, kind.memoryGrow],
  [0x41, 0x41, kind.i32],
  [0x42, 0x42, kind.i64],
  [0x43, 0x43, kind.f32],
  [0x44, 0x44, kind.f64],
  [0x45, 0xc4, kind.plain],
  [0xd0, 0xd0, kind.refNull],
  [0xd1, 0xd1, kind.plain],
  [0xd2, 0xd2, kind.index], // ref.func
  [bulkBase + 0, bulkBase + 7, kind.plain], // saturating conversions
  [bulkBase + 8, bulkBase + 8, kind.memoryInit],
  [bulkBase + 9, bulkBase + 9, kind.index], // data.drop
  [bulkBase + 10, bulkBase + 10, kind.memoryCopy],
  [bulkBase + 11, bulkBase + 11, kind.memoryFill],
  [bulkBase + 12, bulkBase + 12, kind.tableTwo], // table.init
  [bulkBase + 13, bulkBase + 13, kind.index], // elem.drop
  [bulkBase + 14, bulkBase + 14, kind.tableTwo], // table.copy
  [bulkBase + 15, bulkBase + 15, kind.tableGrow],
  [bulkBase + 16, bulkBase + 16, kind.index], // table.size
  [bulkBase + 17, bulkBase + 17, kind.tableFill],
  [simdBase + 0, simdBase + 11, kind.memory],
  [simdBase + 12, simdBase + 13, kind.v128], // v128.const, i8x16.shuffle
  [simdBase + 14, simdBase + 20, kind.plain],
  [simdBase + 21, simdBase + 34, kind.lane],
  [simdBase + 35, simdBase + 83, kind.plain],
  [simdBase + 84, simdBase + 91, kind.memoryLane],
  [simdBase + 92, simdBase + 93, kind.memory],
  [simdBase + 94, simdBase + 255, kind.plain],
];

/** Numbers between the SIMD instructions that name none. */
const simdGaps = [
  0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4,
  0xe2, 0xee,
];

/** By opcode, or by base + number behind the prefix. */
export const kindOf: Uint8Array = new Uint8Array(tableSize);
export const costOf: Uint8Array = new Uint8Array(tableSize);
for (const [first, last, of, cost = 1] of rows) {
  kindOf.fill(of, first, last + 1);
  costOf.fill(cost, first, last + 1);
}
for (const gap of simdGaps) kindOf[simdBase + gap] = kind.refused;

/** How a refused opcode is called in an error: the feature it belongs to, as far as it has a name. */
export function nameRefused(opcode: number): string {
  if (opcode === 0xfb) return 'garbage collection';
  if (opcode === 0xfe) return 'threads';
  if (opcode === 0x14 || opcode === 0x15 || (opcode >= 0xd3 && opcode <= 0xd6)) {
    return 'typed references';
  }
  if (opcode >= simdBase + 0x100) return 'relaxed SIMD, whose results differ between machines';
  if (opcode >= simdBase) return `the unknown instruction 0xfd ${opcode - simdBase}`;
  if (opcode >= bulkBase) return `the unknown instruction 0xfc ${opcode - bulkBase}`;
  return `the unknown instruction 0x${opcode.toString(16).padStart(2, '0')}`;
}

/** i32, i64, f32, f64, v128, funcref, externref, exnref. */
const valueTypes: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f, 0x69]);

export function isValueType(byte: number): boolean {
  return valueTypes.has(byte);
}
