import { BinaryReader, MalformedBinary, readSections } from './binary-reader.ts';

const importSectionId = 2;
const exportSectionId = 7;
const longestName = 512;
/** Printable ASCII without quotes and backslash. */
const plainName = /^[ !#-&(-[\]-_a-~]*$/;

/**
 * Checks that the names a core module imports and exports are plain. Any text is a valid name to WebAssembly,
 * but jco writes names into the JavaScript it generates without escaping them: a quote in one would end the
 * string it stands in, and what follows would run outside the sandbox.
 * @throws MalformedBinary
 */
export function checkCoreNames(bytes: Uint8Array): void {
  for (const section of readSections(bytes)) {
    const reader = new BinaryReader(bytes, section.start, section.end);
    if (section.id === importSectionId) {
      for (let left = reader.u32(); left > 0; left--) {
        checkName(reader);
        checkName(reader);
        skipImportType(reader);
      }
    } else if (section.id === exportSectionId) {
      for (let left = reader.u32(); left > 0; left--) {
        checkName(reader);
        reader.byte();
        reader.u32();
      }
    }
  }
}

function checkName(reader: BinaryReader): void {
  const name = reader.name();
  if (name.length <= longestName && plainName.test(name)) return;
  throw new MalformedBinary(
    `a core module has a name of more than ${longestName} characters, or with a quote, a backslash or a character beyond ASCII, before byte ${reader.offset}`,
  );
}

function skipImportType(reader: BinaryReader): void {
  const kind = reader.byte();
  switch (kind) {
    case 0x00: // function
      reader.u32();
      return;
    case 0x01: // table: its reference type, then its limits
      skipReferenceType(reader);
      skipLimits(reader);
      return;
    case 0x02: // memory
      skipLimits(reader);
      return;
    case 0x03: // global: its type and whether it is mutable
      skipReferenceType(reader);
      reader.byte();
      return;
    case 0x04: // exception tag
      reader.byte();
      reader.u32();
      return;
    default:
      throw new MalformedBinary(`a core module has an import of unknown kind ${kind}`);
  }
}

/** One byte, or two when it names a heap type apart from whether it may be null. */
function skipReferenceType(reader: BinaryReader): void {
  const type = reader.byte();
  if (type === 0x63 || type === 0x64) {
    throw new MalformedBinary('a core module imports a typed or garbage-collected reference');
  }
}

function skipLimits(reader: BinaryReader): void {
  const flags = reader.byte();
  if (flags > 1) throw new MalformedBinary('a core module imports a shared or 64-bit memory or table');
  reader.u32();
  if (flags === 1) reader.u32();
}
