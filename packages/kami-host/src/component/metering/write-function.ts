import type { ByteWriter } from './byte-writer.ts';
import { event, type FunctionPlan } from './function-plan.ts';

const op = {
  unreachable: 0x00,
  if: 0x04,
  end: 0x0b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Ne: 0x47,
  i64LtS: 0x53,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64ExtendU: 0xad,
} as const;
const i32 = 0x7f;
const i64 = 0x7e;
const noResult = 0x40;

/** Where the counter is at a place of a function whose counter is cached. */
const inLocal = 0;
const inBoth = 1;
const inGlobal = 2;

/** Writes functions with the charges that their plans ask for. */
export class FunctionWriter {
  readonly #bytes: Uint8Array;
  readonly #fuel: number;
  readonly #plan: FunctionPlan;
  readonly #out: ByteWriter;
  #cached = false;
  #where: number = inGlobal;
  /** Locals that the function did not have: the cached counter, a length, and what a grow gave. */
  #counter = 0;
  #length = 0;
  #grown = 0;

  /** @param fuel index of the counter among the globals */
  constructor(bytes: Uint8Array, fuel: number, plan: FunctionPlan, out: ByteWriter) {
    this.#bytes = bytes;
    this.#fuel = fuel;
    this.#plan = plan;
    this.#out = out;
  }

  /**
   * Writes what the plan says, with the size before it.
   * @param cached whether the counter lives in a local between the places where anyone else could look at it
   * @returns the size of the function's body, bytes
   */
  write(cached: boolean): number {
    const plan = this.#plan;
    const out = this.#out;
    this.#cached = cached;
    this.#where = inGlobal;
    const start = out.open();
    this.#declareLocals();
    let copied = plan.code;
    for (let number = 0; number < plan.count; number++) {
      const offset = plan.offset(number);
      out.copy(this.#bytes, copied, offset);
      copied = offset;
      const what = plan.what(number);
      if (what === event.global) {
        out.u32(plan.value(number));
        while ((this.#bytes[copied++] as number) > 0x7f);
      } else {
        this.#event(what, plan.value(number));
      }
    }
    out.copy(this.#bytes, copied, plan.end);
    return out.close(start);
  }

  #declareLocals(): void {
    const { start, code, locals, usesLengths } = this.#plan;
    const out = this.#out;
    let next = locals;
    if (this.#cached) this.#counter = next++;
    this.#length = next;
    this.#grown = next + 1;
    let groups = 0;
    let copied = start;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[copied++] as number;
      groups |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    out.u32(groups + (this.#cached ? 1 : 0) + (usesLengths ? 1 : 0));
    out.copy(this.#bytes, copied, code);
    if (this.#cached) {
      out.byte(1);
      out.byte(i64);
    }
    if (usesLengths) {
      out.byte(2);
      out.byte(i32);
    }
  }

  #event(what: number, value: number): void {
    switch (what) {
      case event.open:
        // What lies behind in the bytes need not be what ran before.
        this.#where = inLocal;
        if (value > 0) this.#charge(value);
        return;
      case event.header:
        this.#where = inLocal;
        this.#chargeChecked(value);
        return;
      case event.enter:
        this.#chargeChecked(value);
        return;
      case event.leave:
        this.#spill();
        return;
      case event.called:
        this.#reload();
        return;
      case event.bulk:
        this.#chargeLength();
        return;
      case event.grow:
        this.#local(op.localTee, this.#length);
        return;
      case event.grown:
        this.#chargeGrown();
        return;
    }
  }

  #local(opcode: number, index: number): void {
    this.#out.byte(opcode);
    this.#out.u32(index);
  }

  #global(opcode: number): void {
    this.#out.byte(opcode);
    this.#out.u32(this.#fuel);
  }

  #get(): void {
    if (this.#cached && this.#where !== inGlobal) this.#local(op.localGet, this.#counter);
    else this.#global(op.globalGet);
  }

  #set(): void {
    if (this.#cached) this.#local(op.localSet, this.#counter);
    else this.#global(op.globalSet);
    this.#where = inLocal;
  }

  #subtract(cost: number): void {
    this.#get();
    this.#out.byte(op.i64Const);
    this.#out.positive(cost);
    this.#out.byte(op.i64Sub);
  }

  #charge(cost: number): void {
    this.#subtract(cost);
    this.#set();
  }

  /** Leaves the counter, spilled where it is cached, below zero, and traps: no handler of the guest's catches that. */
  #chargeChecked(cost: number): void {
    const changes = cost > 0 || this.#where === inGlobal;
    if (cost > 0) this.#subtract(cost);
    else this.#get();
    if (this.#cached && changes) {
      this.#local(op.localTee, this.#counter);
    } else if (!this.#cached && cost > 0) {
      this.#global(op.globalSet);
      this.#global(op.globalGet);
    }
    this.#where = inLocal;
    this.#trapIfNegative(this.#cached);
  }

  /** With the counter on top of the stack. */
  #trapIfNegative(spill: boolean): void {
    const out = this.#out;
    out.byte(op.i64Const);
    out.byte(0);
    out.byte(op.i64LtS);
    out.byte(op.if);
    out.byte(noResult);
    if (spill) {
      this.#local(op.localGet, this.#counter);
      this.#global(op.globalSet);
    }
    out.byte(op.unreachable);
    out.byte(op.end);
  }

  #spill(): void {
    if (!this.#cached || this.#where !== inLocal) return;
    this.#local(op.localGet, this.#counter);
    this.#global(op.globalSet);
    this.#where = inBoth;
  }

  /** At once: V8 makes far worse code of large functions when the counter comes back only where it is needed. */
  #reload(): void {
    if (!this.#cached) return;
    this.#global(op.globalGet);
    this.#local(op.localSet, this.#counter);
    this.#where = inBoth;
  }

  /** Before the work, which may be long, and may trap: it is paid for in any case. */
  #chargeLength(): void {
    const out = this.#out;
    this.#local(op.localTee, this.#length);
    this.#get();
    this.#local(op.localGet, this.#length);
    out.byte(op.i64ExtendU);
    out.byte(op.i64Sub);
    if (this.#cached) this.#local(op.localTee, this.#counter);
    this.#global(op.globalSet);
    if (this.#cached) this.#local(op.localGet, this.#counter);
    else this.#global(op.globalGet);
    this.#where = inBoth;
    this.#trapIfNegative(false);
  }

  /** After the work: a grow that was refused cost nothing, and the caps bound what was not. */
  #chargeGrown(): void {
    const out = this.#out;
    this.#local(op.localTee, this.#grown);
    this.#get();
    this.#local(op.localGet, this.#length);
    out.byte(op.i64ExtendU);
    this.#local(op.localGet, this.#grown);
    out.byte(op.i32Const);
    out.byte(0x7f);
    out.byte(op.i32Ne);
    out.byte(op.i64ExtendU);
    out.byte(op.i64Mul);
    out.byte(op.i64Sub);
    this.#set();
  }
}
