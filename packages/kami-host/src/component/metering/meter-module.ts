import { fuelImport, memoryImport } from '../../model/compiled-component.ts';
import { BinaryReader, MalformedBinary, type Section } from '../binary-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { FunctionPlan } from './function-plan.ts';
import { importKind, type ModuleShape, readImports, readShape, sectionId } from './module-shape.ts';
import { writeNames } from './name-section.ts';
import { FunctionPlanner } from './plan-function.ts';
import { SectionRewriter } from './rewrite-section.ts';
import { FunctionWriter } from './write-function.ts';

/**
 * Where a function keeps the counter while it runs: `cached` in a local wherever nobody else can look at it,
 * `direct` in the global at all times, which is slower. Both charge the same.
 */
export type MeterForm = 'cached' | 'direct';

/** V8 refuses larger functions. */
const maxBodyBytes = 7_654_321;
/**
 * V8 keeps a note of every local at every branch of a function that it compiles: 50 000 locals and 100 000 blocks,
 * a function of 300 kB, take gigabytes and minutes. JavaScript engines have functions of 10 000 branches, and of
 * 500 000 branches times locals.
 */
const maxBranches = 500_000;
const maxBranchesTimesLocals = 16_000_000;
const mutableI64 = [0x7e, 0x01];

/**
 * Makes a core module pay for what it runs, from a counter that it imports as `fuelImport` and can't name.
 *
 * - An instruction costs 1; what only marks structure (`block`, `loop`, `else`, `end`, `try`, `catch`) is free.
 * - `memory.copy`, `.fill` and `.init` cost 1 a byte on top, `table.copy`, `.fill` and `.init` 1 an entry;
 *   `memory.grow` costs 1 a page and `table.grow` 1 an entry if it succeeds.
 * - A straight-line block is paid for as a whole before its first instruction; if something in the middle of it traps
 *   or throws, the rest stays paid. A call does not end a block.
 * - Exhaustion is noticed at function entries, at loop headers and before work by length, and ends in
 *   `unreachable`. What runs to its end without meeting such a place has overdrawn too: `isExhausted`.
 * - After a trap of the guest's own, other than its `unreachable` or in a call or work by length, a `cached`
 *   function has not yet written down what it used since its last call: fuel is then a lower bound, and the
 *   same each time.
 *
 * Runs on what `boundModule` made. Custom sections other than names are dropped: they describe the old bytes.
 * @throws MalformedBinary for what can't be read and for features that KAMI does not run
 */
export function meterModule(bytes: Uint8Array, form: MeterForm = 'cached'): Uint8Array {
  return meterWithFacts(bytes, form).bytes;
}

/** As `meterModule`, and says whether the code changes tables or drops segments. */
export function meterWithFacts(
  bytes: Uint8Array,
  form: MeterForm = 'cached',
): { readonly bytes: Uint8Array; readonly changesTables: boolean } {
  const shape = readShape(bytes);
  const plan = new FunctionPlan();
  const out = new ByteWriter(Math.ceil(bytes.length * 1.5));
  out.copy(bytes, 0, 8);
  let imported = false;
  for (const section of shape.sections) {
    if (!imported && section.id > sectionId.import) {
      writeImports(bytes, undefined, out);
      imported = true;
    }
    writeSection(bytes, section, { shape, form, plan }, out);
    if (section.id === sectionId.import) imported = true;
  }
  if (!imported) writeImports(bytes, undefined, out);
  return { bytes: out.finish(), changesTables: plan.changesTables };
}

interface Metering {
  readonly shape: ModuleShape;
  readonly form: MeterForm;
  /** Used for all functions, one after the other. */
  readonly plan: FunctionPlan;
}

/** Whether a counter that a call began with has been overdrawn. */
export function isExhausted(fuel: bigint): boolean {
  return fuel < 0n;
}

function writeSection(bytes: Uint8Array, section: Section, metering: Metering, out: ByteWriter): void {
  if (section.id === sectionId.custom) {
    writeNames(bytes, section, out);
    return;
  }
  if (section.id === sectionId.import) {
    writeImports(bytes, section, out);
    return;
  }
  out.byte(section.id);
  const start = out.open();
  const rewriter = new SectionRewriter(bytes, section, metering.shape.importedGlobals, out);
  switch (section.id) {
    case sectionId.table:
      rewriter.tables();
      break;
    case sectionId.global:
      rewriter.globals();
      break;
    case sectionId.export:
      rewriter.exports();
      break;
    case sectionId.element:
      rewriter.elements();
      break;
    case sectionId.data:
      rewriter.data();
      break;
    case sectionId.code:
      writeCode(bytes, section, metering, out);
      break;
    default:
      out.copy(bytes, section.start, section.end);
  }
  out.close(start);
}

/** The counter comes last, so that the indices of the module's own imports stay. */
function writeImports(bytes: Uint8Array, section: Section | undefined, out: ByteWriter): void {
  out.byte(sectionId.import);
  const start = out.open();
  if (section === undefined) {
    out.u32(1);
  } else {
    checkImports(new BinaryReader(bytes, section.start, section.end));
    const reader = new BinaryReader(bytes, section.start, section.end);
    out.u32(reader.u32() + 1);
    out.copy(bytes, reader.offset, section.end);
  }
  out.name(fuelImport.module);
  out.name(fuelImport.name);
  out.byte(importKind.global);
  for (const byte of mutableI64) out.byte(byte);
  out.close(start);
}

/** What the host provides under its own name is not for the guest to ask for. */
function checkImports(reader: BinaryReader): void {
  const reserved = readImports(reader).filter(({ module }) => module === fuelImport.module);
  const allowed =
    reserved.length <= 1 &&
    reserved.every(({ name, kind }) => name === memoryImport.name && kind === importKind.memory);
  if (!allowed) throw new MalformedBinary(`a core module imports from ${fuelImport.module}, which is KAMI's`);
}

function writeCode(
  bytes: Uint8Array,
  section: Section,
  { form, plan, shape: { parameters, types, importedGlobals } }: Metering,
  out: ByteWriter,
): void {
  const reader = new BinaryReader(bytes, section.start, section.end);
  const count = reader.u32();
  if (count !== types.length) {
    throw new MalformedBinary(`a core module announces ${types.length} functions and has ${count}`);
  }
  out.u32(count);
  const planner = new FunctionPlanner(importedGlobals, plan);
  const writer = new FunctionWriter(bytes, importedGlobals, plan, out);
  for (const type of types) {
    const count = parameters[type];
    if (count === undefined) throw new MalformedBinary(`a function has type ${type}, which does not exist`);
    const size = reader.u32();
    const start = reader.offset;
    reader.skip(size);
    planner.read(new BinaryReader(bytes, start, reader.offset), count);
    checkSize(plan);
    const written = writer.write(form === 'cached' && !plan.usesExceptions);
    if (written > maxBodyBytes) {
      throw new MalformedBinary(
        `a function takes ${written} bytes when metered; ${maxBodyBytes} are allowed`,
      );
    }
  }
  if (!reader.done) throw new MalformedBinary(`the code ends before byte ${reader.end}`);
}

function checkSize({ branches, locals }: FunctionPlan): void {
  if (branches <= maxBranches && branches * locals <= maxBranchesTimesLocals) return;
  throw new MalformedBinary(
    `a function of ${locals} locals has ${branches} branches; ${maxBranches} are allowed, and ${maxBranchesTimesLocals} times locals`,
  );
}
