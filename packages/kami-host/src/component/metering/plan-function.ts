import { type BinaryReader, MalformedBinary } from '../binary-reader.ts';
import { ControlStack, frame } from './control-stack.ts';
import { event, type FunctionPlan } from './function-plan.ts';
import {
  bulkBase,
  bulkPrefix,
  costOf,
  isValueType,
  kind,
  kindOf,
  nameRefused,
  simdBase,
  simdPrefix,
} from './opcodes.ts';

/** V8 runs functions of up to 50 000 locals, and metering may add three. */
const maxLocals = 49_997;
const emptyBlockType = 0x40;

/** What a branch passes over of the straight-line block it belongs to. */
interface Refund {
  readonly event: number;
  readonly block: number;
  /** Of the block, up to and with the branch. */
  readonly cost: number;
  readonly next: number;
}

/** Finds the straight-line blocks of functions, what they cost, and where control leaves them. */
export class FunctionPlanner {
  readonly #importedGlobals: number;
  readonly #plan: FunctionPlan;
  readonly #control = new ControlStack();
  /** Number of the event that opened the present block; -1 where no control gets to. */
  #block = -1;
  #cost = 0;
  /** Whether the counter was looked at since the present block was paid for. */
  #looked = false;
  readonly #refunds: Refund[] = [];

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
    this.#refunds.length = 0;
    plan.start = reader.offset;
    plan.locals = parameters + countLocals(reader);
    if (plan.locals > maxLocals) {
      throw new MalformedBinary(`a function has ${plan.locals} locals; ${maxLocals} are allowed`);
    }
    plan.code = reader.offset;
    plan.end = reader.end;
    this.#control.reset();
    this.#control.push(frame.function, -1, false);
    this.#open(reader.offset, event.enter);
    while (this.#control.depth > 0) this.#instruction(reader);
    if (!reader.done) throw new MalformedBinary(`a function goes on behind its end at byte ${reader.offset}`);
  }

  #open(offset: number, what: number): void {
    this.#block = this.#plan.add(offset, what, 0);
    this.#cost = 0;
    this.#looked = what !== event.open;
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
    if (this.#control.target(label) && this.#block >= 0) this.#plan.add(at, event.leave, 0);
  }

  /** What follows runs exactly as often as an earlier straight line, which therefore pays for it. */
  #resume(offset: number, block: number): void {
    this.#plan.add(offset, event.open, 0);
    this.#block = block;
    this.#cost = this.#plan.value(block);
    this.#looked = true;
  }

  #instruction(reader: BinaryReader): void {
    const at = reader.offset;
    let opcode = reader.byte();
    if (opcode === bulkPrefix) opcode = bulkBase + Math.min(reader.u32(), 0xff);
    else if (opcode === simdPrefix) opcode = simdBase + reader.u32();
    const what = kindOf[opcode] ?? kind.refused;
    this.#cost += costOf[opcode] ?? 0;
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
        this.#looked = true;
        return;
      case kind.block:
        control.push(frame.block, this.#block, readBlockType(reader));
        return;
      case kind.loop:
        if (live) plan.add(at, event.join, 0);
        control.push(frame.loop, this.#block, readBlockType(reader));
        this.#close();
        if (live) this.#open(reader.offset, event.header);
        return;
      case kind.if:
        if (live) plan.add(at, event.join, 0);
        control.push(frame.if, this.#block, readBlockType(reader));
        this.#close();
        if (live) this.#open(reader.offset, event.open);
        return;
      case kind.else:
        if (control.opened !== frame.if) throw new MalformedBinary(`an else at byte ${at} follows no if`);
        if (live) plan.add(at, event.join, 0);
        this.#close();
        control.turnToElse(live);
        if (control.from >= 0) this.#open(reader.offset, event.open);
        return;
      case kind.end:
        this.#end(at, reader);
        return;
      case kind.brIf:
        this.#branchIf(reader.u32(), at, reader.offset);
        return;
      case kind.br:
      case kind.brTable:
        for (let left = what === kind.br ? 0 : reader.u32(); left > 0; left--) this.#target(reader.u32(), at);
        this.#target(reader.u32(), at);
        if (live) plan.add(at, event.join, 0);
        this.#close();
        return;
      case kind.returnCall:
      case kind.returnCallIndirect:
        reader.u32();
        if (what === kind.returnCallIndirect) reader.u32();
        if (live) control.leaveFunction();
        this.#leave(at);
        return;
      case kind.return:
      case kind.unreachable:
        if (live && what === kind.return) control.leaveFunction();
        this.#leave(at);
        return;
    }
  }

  /**
   * Behind a block's end the straight line goes on if control comes from one place only. If it comes from several,
   * but surely, the straight line goes on that the block began in: it pays for both. Else a new one begins.
   */
  #end(at: number, reader: BinaryReader): void {
    const control = this.#control;
    const { opened, targeted, from, closed } = control;
    this.#settleRefunds();
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
    if (from < 0 || (!joins && this.#block < 0)) return;
    const resumes = closed && opened !== frame.try;
    if (!joins && !(resumes && opened === frame.loop)) return;
    if (this.#block >= 0) this.#plan.add(at, event.join, 0);
    this.#close();
    if (resumes) this.#resume(reader.offset, from);
    else this.#open(reader.offset, event.open);
  }

  /**
   * The straight line goes on behind a branch that is not taken, and one that is gives back what it passes over.
   * Only where nobody can have looked at the counter since all was paid: it must never seem to be less than it is.
   */
  #branchIf(label: number, at: number, next: number): void {
    this.#target(label, at);
    if (this.#block < 0) return;
    this.#plan.add(at, event.join, 0);
    if (this.#looked || !this.#control.isPlainEnd(label)) {
      this.#close();
      this.#open(next, event.open);
      return;
    }
    const refund = {
      event: this.#plan.add(at, event.refund, 0),
      block: this.#block,
      cost: this.#cost,
      next: this.#control.addRefund(label, this.#refunds.length),
    };
    this.#refunds.push(refund);
  }

  /** Called where a block ends: what its branches passed over is all that was found since. */
  #settleRefunds(): void {
    for (let number = this.#control.firstRefund; number >= 0; ) {
      const refund = this.#refunds[number] as Refund;
      const cost = refund.block === this.#block ? this.#cost : this.#plan.value(refund.block);
      this.#plan.setValue(refund.event, cost - refund.cost);
      number = refund.next;
    }
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
    this.#looked = true;
    this.#plan.add(at, grows ? event.grow : event.bulk, 0);
    if (grows) this.#plan.add(reader.offset, event.grown, 0);
  }

  #exception(what: number, at: number, reader: BinaryReader): void {
    const control = this.#control;
    const live = this.#block >= 0;
    this.#plan.usesExceptions = true;
    switch (what) {
      case kind.try:
        control.push(frame.try, this.#block, readBlockType(reader));
        return;
      case kind.catch:
      case kind.catchAll:
        if (control.opened !== frame.try) throw new MalformedBinary(`a catch at byte ${at} follows no try`);
        if (what === kind.catch) reader.u32();
        this.#close();
        if (control.from >= 0) this.#open(reader.offset, event.open);
        return;
      case kind.delegate:
        if (control.opened !== frame.try)
          throw new MalformedBinary(`a delegate at byte ${at} follows no try`);
        reader.u32();
        this.#end(at, reader);
        return;
      case kind.tryTable: {
        const takesNothing = readBlockType(reader);
        for (let left = reader.u32(); left > 0; left--) {
          const clause = reader.byte();
          if (clause > 3) throw new MalformedBinary(`a function at byte ${at} has an unknown catch clause`);
          if (clause < 2) reader.u32();
          this.#target(reader.u32(), at);
        }
        control.push(frame.block, this.#block, takesNothing);
        return;
      }
      default:
        if (what !== kind.throwRef) reader.u32();
        if (live) control.leaveFunction();
        this.#leave(at);
        return;
    }
  }
}

function countLocals(reader: BinaryReader): number {
  let locals = 0;
  for (let groups = reader.u32(); groups > 0; groups--) {
    locals += reader.u32();
    skipType(reader);
  }
  return locals;
}

function skipMemoryArgument(reader: BinaryReader): void {
  if (reader.u32() > 0x3f) throw new MalformedBinary('a function uses more than one memory');
  reader.u32();
}

function onlyMemory(reader: BinaryReader): void {
  if (reader.u32() !== 0) throw new MalformedBinary('a function uses more than one memory');
}

function skipTypes(reader: BinaryReader): void {
  for (let left = reader.u32(); left > 0; left--) skipType(reader);
}

/** @throws MalformedBinary for types that are written in more than a byte: those of garbage collection */
export function skipType(reader: BinaryReader): void {
  const at = reader.offset;
  if (!isValueType(reader.byte())) {
    throw new MalformedBinary(`the type at byte ${at} is none, or one of garbage collection`);
  }
}

/** Nothing, one value, or the number of a function type, which is not negative. Tells whether it is nothing. */
function readBlockType(reader: BinaryReader): boolean {
  const at = reader.offset;
  const first = reader.byte();
  if (first === emptyBlockType || isValueType(first)) return first === emptyBlockType;
  reader.offset = at;
  if ((first & 0xc0) === 0x40) {
    throw new MalformedBinary(`the type at byte ${at} is none, or one of garbage collection`);
  }
  reader.skipNumber(5);
  return false;
}
