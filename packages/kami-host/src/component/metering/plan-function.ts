import { type BinaryReader, MalformedBinary } from '../binary-reader.ts';
import { ControlStack, frame } from './control-stack.ts';
import { event, type FunctionPlan } from './function-plan.ts';
import {
  countLocals,
  onlyMemory,
  skipBlockType,
  skipMemoryArgument,
  skipType,
  skipTypes,
} from './immediates.ts';
import { bulkBase, bulkPrefix, costOf, kind, kindOf, nameRefused, simdBase, simdPrefix } from './opcodes.ts';

/** V8 runs functions of up to 50 000 locals, and metering may add three. */
const maxLocals = 49_997;

/** `table.set`, `.init`, `.copy`, `.grow`, `.fill`, and what drops segments or takes from them. */
const changingTables: ReadonlySet<number> = new Set([
  0x26,
  ...[8, 9, 12, 13, 14, 15, 17].map((code) => bulkBase + code),
]);

/** Finds the straight-line blocks of functions, what they cost, and where control leaves them. */
export class FunctionPlanner {
  readonly #importedGlobals: number;
  readonly #plan: FunctionPlan;
  readonly #control = new ControlStack();
  /** Number of the event that opened the present block; -1 where no control gets to. */
  #block = -1;
  #cost = 0;

  /** @param plan what `read` fills */
  constructor(importedGlobals: number, plan: FunctionPlan) {
    this.#importedGlobals = importedGlobals;
    this.#plan = plan;
  }

  /**
   * Fills the plan with one function, from the declarations of its locals to its last `end`.
   * @throws MalformedBinary also where metered code could reach what the function itself could not:
   * a local or label out of range
   */
  read(reader: BinaryReader, parameters: number): void {
    const plan = this.#plan;
    plan.reset();
    plan.start = reader.offset;
    plan.locals = parameters + countLocals(reader);
    if (plan.locals > maxLocals) {
      throw new MalformedBinary(`a function has ${plan.locals} locals; ${maxLocals} are allowed`);
    }
    plan.code = reader.offset;
    plan.end = reader.end;
    this.#control.depth = 0;
    this.#control.push(frame.function, true);
    this.#open(reader.offset, event.enter);
    while (this.#control.depth > 0) this.#instruction(reader);
    if (!reader.done) throw new MalformedBinary(`a function goes on behind its end at byte ${reader.offset}`);
  }

  #open(offset: number, what: number): void {
    this.#block = this.#plan.add(offset, what, 0);
    this.#cost = 0;
  }

  #close(): void {
    if (this.#block >= 0) this.#plan.setValue(this.#block, this.#cost);
    this.#block = -1;
  }

  /** Control does not get past the instruction that ends here. */
  #leave(at: number): void {
    if (this.#block >= 0) this.#plan.add(at, event.leave, 0);
    this.#close();
  }

  #target(label: number, at: number): void {
    this.#plan.branches += 1;
    if (this.#control.target(label) && this.#block >= 0) this.#plan.add(at, event.leave, 0);
  }

  #instruction(reader: BinaryReader): void {
    const at = reader.offset;
    let opcode = reader.byte();
    if (opcode === bulkPrefix) opcode = bulkBase + Math.min(reader.u32(), 0xff);
    else if (opcode === simdPrefix) opcode = simdBase + reader.u32();
    const what = kindOf[opcode] ?? kind.refused;
    this.#cost += costOf[opcode] ?? 0;
    if (changingTables.has(opcode)) this.#plan.changesTables = true;
    switch (what) {
      case kind.plain:
        return;
      case kind.local: {
        const index = reader.u32();
        if (index >= this.#plan.locals) {
          throw new MalformedBinary(`a function of ${this.#plan.locals} locals names local ${index}`);
        }
        return;
      }
      case kind.i32:
        reader.skipNumber(5);
        return;
      case kind.memory:
        skipMemoryArgument(reader);
        return;
      case kind.global: {
        const start = reader.offset;
        const index = reader.u32();
        if (index >= this.#importedGlobals) this.#plan.add(start, event.global, index + 1);
        return;
      }
      case kind.i64:
        reader.skipNumber(10);
        return;
      case kind.f32:
        reader.skip(4);
        return;
      case kind.f64:
        reader.skip(8);
        return;
      case kind.v128:
        reader.skip(16);
        return;
      case kind.lane:
        reader.skip(1);
        return;
      case kind.memoryLane:
        skipMemoryArgument(reader);
        reader.skip(1);
        return;
      case kind.index:
        reader.u32();
        return;
      case kind.memoryIndex:
        onlyMemory(reader);
        return;
      case kind.selectTypes:
        skipTypes(reader);
        return;
      case kind.refNull:
        skipType(reader);
        return;
      default:
        if (what >= kind.try) this.#exception(what, at, reader);
        else if (what >= kind.memoryInit) this.#byLength(what, at, reader);
        else if (what !== kind.refused) this.#controlFlow(what, at, reader);
        else throw new MalformedBinary(`a function at byte ${at} uses ${nameRefused(opcode)}`);
    }
  }

  #controlFlow(what: number, at: number, reader: BinaryReader): void {
    const control = this.#control;
    const plan = this.#plan;
    const live = this.#block >= 0;
    switch (what) {
      case kind.call:
      case kind.callIndirect:
        reader.u32();
        if (what === kind.callIndirect) reader.u32();
        if (!live) return;
        plan.add(at, event.leave, 0);
        plan.add(reader.offset, event.called, 0);
        return;
      case kind.block:
        skipBlockType(reader);
        plan.branches += 1;
        control.push(frame.block, live);
        return;
      case kind.loop:
        skipBlockType(reader);
        plan.branches += 1;
        control.push(frame.loop, live);
        this.#close();
        if (live) this.#open(reader.offset, event.header);
        return;
      case kind.if:
        skipBlockType(reader);
        plan.branches += 1;
        control.push(frame.if, live);
        this.#close();
        if (live) this.#open(reader.offset, event.open);
        return;
      case kind.else:
        plan.branches += 1;
        if (control.opened !== frame.if) throw new MalformedBinary(`an else at byte ${at} follows no if`);
        this.#close();
        control.turnToElse(live);
        if (control.openedLive) this.#open(reader.offset, event.open);
        return;
      case kind.end:
        this.#end(at, reader);
        return;
      case kind.brIf:
        this.#target(reader.u32(), at);
        this.#close();
        if (live) this.#open(reader.offset, event.open);
        return;
      case kind.br:
      case kind.brTable:
        for (let left = what === kind.br ? 0 : reader.u32(); left > 0; left--) this.#target(reader.u32(), at);
        this.#target(reader.u32(), at);
        this.#close();
        return;
      case kind.returnCall:
      case kind.returnCallIndirect:
        reader.u32();
        if (what === kind.returnCallIndirect) reader.u32();
        this.#leave(at);
        return;
      case kind.return:
      case kind.unreachable:
        this.#leave(at);
        return;
    }
  }

  /** A block's end is the start of a new straight line only where control can come from several places. */
  #end(at: number, reader: BinaryReader): void {
    const control = this.#control;
    const { opened, targeted, openedLive } = control;
    if (opened === frame.function) {
      control.pop();
      this.#leave(at);
      return;
    }
    const joins =
      opened === frame.if ||
      opened === frame.try ||
      (opened === frame.else && control.thenEndIsLive) ||
      // The label of a loop is its header.
      (targeted && opened !== frame.loop);
    control.pop();
    if (!openedLive || !joins) return;
    this.#close();
    this.#open(reader.offset, event.open);
  }

  #byLength(what: number, at: number, reader: BinaryReader): void {
    if (what === kind.memoryInit) reader.u32();
    if (what === kind.memoryInit || what === kind.memoryFill || what === kind.memoryGrow) onlyMemory(reader);
    if (what === kind.memoryCopy) {
      onlyMemory(reader);
      onlyMemory(reader);
    }
    if (what === kind.tableTwo) reader.u32();
    if (what === kind.tableTwo || what === kind.tableFill || what === kind.tableGrow) reader.u32();
    if (this.#block < 0) return;
    const grows = what === kind.memoryGrow || what === kind.tableGrow;
    this.#plan.usesLengths = true;
    this.#plan.add(at, grows ? event.grow : event.bulk, 0);
    if (grows) this.#plan.add(reader.offset, event.grown, 0);
  }

  #exception(what: number, at: number, reader: BinaryReader): void {
    const control = this.#control;
    const live = this.#block >= 0;
    this.#plan.usesExceptions = true;
    this.#plan.branches += 1;
    switch (what) {
      case kind.try:
        skipBlockType(reader);
        control.push(frame.try, live);
        return;
      case kind.catch:
      case kind.catchAll:
        if (control.opened !== frame.try) throw new MalformedBinary(`a catch at byte ${at} follows no try`);
        if (what === kind.catch) reader.u32();
        this.#close();
        if (control.openedLive) this.#open(reader.offset, event.open);
        return;
      case kind.delegate:
        if (control.opened !== frame.try)
          throw new MalformedBinary(`a delegate at byte ${at} follows no try`);
        reader.u32();
        this.#end(at, reader);
        return;
      case kind.tryTable:
        skipBlockType(reader);
        for (let left = reader.u32(); left > 0; left--) {
          const clause = reader.byte();
          if (clause > 3) throw new MalformedBinary(`a function at byte ${at} has an unknown catch clause`);
          if (clause < 2) reader.u32();
          this.#target(reader.u32(), at);
        }
        control.push(frame.block, live);
        return;
      default:
        if (what !== kind.throwRef) reader.u32();
        this.#leave(at);
        return;
    }
  }
}
