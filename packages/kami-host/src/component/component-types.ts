import { type BinaryReader, MalformedBinary } from './binary-reader.ts';

/**
 * A type of the component model, expanded to text: `func(message: string)`, `list<u8>`, `resource`. Two types are
 * the same exactly when their texts are (resources are named after the interface that declares them).
 */
export type TypeText = string;

/** What an instance exports: name → its type. */
export type InstanceType = ReadonlyMap<string, TypeText>;

type Definition =
  | { readonly kind: 'value' | 'function'; readonly text: TypeText }
  | { readonly kind: 'instance'; readonly exports: InstanceType }
  /** A component's own type, or something else that no import of a tool needs. */
  | { readonly kind: 'other' };

/** The types that are known at one level of nesting, in the order of their indices. */
export interface TypeScope {
  readonly types: Definition[];
  /** Types of the instances, in the order of their indices; only the outermost level has any. */
  readonly instances: { readonly name: string; readonly exports: InstanceType }[];
  readonly outer: TypeScope | undefined;
}

export function createScope(outer?: TypeScope): TypeScope {
  return { types: [], instances: [], outer };
}

/** Texts grow when types are shared; a hostile component could make one that fills the memory. */
const maxTextLength = 20_000;
const maxNesting = 50;

const primitives: ReadonlyMap<number, string> = new Map([
  [0x7f, 'bool'],
  [0x7e, 's8'],
  [0x7d, 'u8'],
  [0x7c, 's16'],
  [0x7b, 'u16'],
  [0x7a, 's32'],
  [0x79, 'u32'],
  [0x78, 's64'],
  [0x77, 'u64'],
  [0x76, 'f32'],
  [0x75, 'f64'],
  [0x74, 'char'],
  [0x73, 'string'],
]);

/** Reads one definition of a type section (component model, Binary.md, `deftype`) and adds it to the scope. */
export function readTypeDefinition(reader: BinaryReader, scope: TypeScope): void {
  const form = reader.byte();
  switch (form) {
    case 0x40:
      scope.types.push({ kind: 'function', text: readFunction(reader, scope) });
      return;
    case 0x41:
      throw new MalformedBinary('it declares a component type among its outer types');
    case 0x42:
      scope.types.push({ kind: 'instance', exports: readInstanceType(reader, scope) });
      return;
    case 0x3f:
      throw new MalformedBinary('it declares a resource of its own among its outer types');
    default:
      reader.offset -= 1;
      scope.types.push({ kind: 'value', text: readValueDefinition(reader, scope) });
  }
}

/** Reads one entry of an alias section; only aliases of types and instances matter here. */
export function readAlias(reader: BinaryReader, scope: TypeScope): void {
  const sort = reader.byte();
  const coreSort = sort === 0x00 ? reader.byte() : undefined;
  const target = reader.byte();
  if (target === 0x00) {
    const instance = scope.instances[reader.u32()];
    const name = reader.name();
    if (sort !== 0x03) return;
    const text = instance?.exports.get(name);
    scope.types.push(
      text === undefined ? { kind: 'other' } : { kind: 'value', text: named(text, instance?.name, name) },
    );
  } else if (target === 0x01) {
    reader.u32();
    reader.name();
  } else if (target === 0x02) {
    const levels = reader.u32();
    const index = reader.u32();
    if (sort !== 0x03 || coreSort !== undefined) return;
    let from: TypeScope | undefined = scope;
    for (let level = 0; level < levels && from !== undefined; level++) from = from.outer;
    const definition = from?.types[index];
    if (definition === undefined) throw new MalformedBinary('it refers to a type that does not exist');
    scope.types.push(definition);
  } else {
    throw new MalformedBinary(`it has an alias of unknown kind ${target}`);
  }
}

/** What an import or export declares, as far as its type index goes (`externdesc`). */
export function readExternType(reader: BinaryReader, scope: TypeScope): Definition {
  const kind = reader.byte();
  switch (kind) {
    case 0x00:
      reader.byte();
      reader.u32();
      return { kind: 'other' };
    case 0x01:
    case 0x05:
      return definitionAt(scope, reader.u32());
    case 0x03:
      return reader.byte() === 0x00 ? definitionAt(scope, reader.u32()) : { kind: 'value', text: resource };
    case 0x04:
      reader.u32();
      return { kind: 'other' };
    default:
      throw new MalformedBinary(
        `an import or export of unknown kind ${kind} stands before byte ${reader.offset}`,
      );
  }
}

/** Passes over what an import or export declares. */
export function skipExternType(reader: BinaryReader): void {
  const kind = reader.byte();
  switch (kind) {
    case 0x00: // core module: the sort byte 0x11, then a type index
      reader.byte();
      reader.u32();
      return;
    case 0x01: // function
    case 0x04: // component
    case 0x05: // instance
      reader.u32();
      return;
    case 0x03: // type: equal to an index, or any resource
      if (reader.byte() === 0x00) reader.u32();
      return;
    default:
      throw new MalformedBinary(
        `an import or export of unknown kind ${kind} stands before byte ${reader.offset}`,
      );
  }
}

const resource = 'resource';

/** A resource is known by the interface that declares it; any other type by what it is made of. */
function named(text: TypeText, interfaceName: string | undefined, name: string): TypeText {
  return text === resource ? `resource ${interfaceName ?? ''}/${name}` : text;
}

function readInstanceType(reader: BinaryReader, outer: TypeScope): InstanceType {
  if (depthOf(outer) > maxNesting) throw new MalformedBinary('its types are nested too deeply');
  const scope = createScope(outer);
  const exports = new Map<string, TypeText>();
  for (let left = reader.u32(); left > 0; left--) {
    const kind = reader.byte();
    if (kind === 0x01) {
      readTypeDefinition(reader, scope);
    } else if (kind === 0x02) {
      readAlias(reader, scope);
    } else if (kind === 0x04) {
      const name = readExternName(reader);
      const isType = reader.bytes[reader.offset] === 0x03;
      const definition = readExternType(reader, scope);
      const text =
        definition.kind === 'value' || definition.kind === 'function' ? definition.text : definition.kind;
      exports.set(name, text);
      // Exporting a type makes a new index for it; a resource is known by its name from there on.
      if (isType) scope.types.push({ kind: 'value', text: text === resource ? `resource ${name}` : text });
    } else {
      throw new MalformedBinary(`an instance type has a declaration of unknown kind ${kind}`);
    }
  }
  return exports;
}

export function readExternName(reader: BinaryReader): string {
  const kind = reader.byte();
  const name = reader.name();
  // 0x02 carries a version suffix behind the name.
  if (kind === 0x02) reader.name();
  else if (kind > 0x02)
    throw new MalformedBinary(`a name of unknown kind ${kind} stands before byte ${reader.offset}`);
  return name;
}

function readFunction(reader: BinaryReader, scope: TypeScope): TypeText {
  const params = readLabelled(reader, () => readValueType(reader, scope));
  const hasResult = reader.byte() === 0x00;
  const result = hasResult ? ` -> ${readValueType(reader, scope)}` : '';
  if (!hasResult && reader.byte() !== 0x00) throw new MalformedBinary('a function has several results');
  return bounded(`func(${params.join(', ')})${result}`);
}

function readValueDefinition(reader: BinaryReader, scope: TypeScope): TypeText {
  const form = reader.byte();
  const primitive = primitives.get(form);
  if (primitive !== undefined) return primitive;
  const value = () => readValueType(reader, scope);
  switch (form) {
    case 0x72:
      return bounded(`record{${readLabelled(reader, value).join(', ')}}`);
    case 0x71:
      return bounded(`variant{${readCases(reader, scope).join(', ')}}`);
    case 0x70:
      return bounded(`list<${value()}>`);
    case 0x6f:
      return bounded(`tuple<${readMany(reader, value).join(', ')}>`);
    case 0x6e:
      return bounded(`flags{${readMany(reader, () => reader.name()).join(', ')}}`);
    case 0x6d:
      return bounded(`enum{${readMany(reader, () => reader.name()).join(', ')}}`);
    case 0x6b:
      return bounded(`option<${value()}>`);
    case 0x6a: {
      const ok = readOptional(reader, value) ?? '_';
      return bounded(`result<${ok}, ${readOptional(reader, value) ?? '_'}>`);
    }
    case 0x69:
      return bounded(`own<${textAt(scope, reader.u32())}>`);
    case 0x68:
      return bounded(`borrow<${textAt(scope, reader.u32())}>`);
    default:
      throw new MalformedBinary(`a type of unknown form ${form} stands before byte ${reader.offset}`);
  }
}

function readValueType(reader: BinaryReader, scope: TypeScope): TypeText {
  const first = reader.bytes[reader.offset];
  const primitive = first === undefined ? undefined : primitives.get(first);
  if (primitive === undefined) return textAt(scope, reader.u32());
  reader.byte();
  return primitive;
}

function readCases(reader: BinaryReader, scope: TypeScope): readonly string[] {
  return readMany(reader, () => {
    const label = reader.name();
    const payload = readOptional(reader, () => readValueType(reader, scope));
    if (reader.byte() !== 0x00) throw new MalformedBinary('a variant refines another');
    return payload === undefined ? label : `${label}(${payload})`;
  });
}

function readLabelled(reader: BinaryReader, read: () => TypeText): readonly string[] {
  return readMany(reader, () => `${reader.name()}: ${read()}`);
}

function readMany<T>(reader: BinaryReader, read: () => T): readonly T[] {
  const items: T[] = [];
  for (let left = reader.u32(); left > 0; left--) items.push(read());
  return items;
}

function readOptional<T>(reader: BinaryReader, read: () => T): T | undefined {
  const tag = reader.byte();
  if (tag > 1) throw new MalformedBinary(`an optional type begins with ${tag}`);
  return tag === 1 ? read() : undefined;
}

function definitionAt(scope: TypeScope, index: number): Definition {
  const definition = scope.types[index];
  if (definition === undefined) throw new MalformedBinary(`it refers to type ${index}, which does not exist`);
  return definition;
}

function textAt(scope: TypeScope, index: number): TypeText {
  const definition = definitionAt(scope, index);
  if (definition.kind === 'value') return definition.text;
  throw new MalformedBinary(`it uses type ${index}, which is not the type of a value`);
}

function bounded(text: TypeText): TypeText {
  if (text.length <= maxTextLength) return text;
  throw new MalformedBinary('one of its types is too large');
}

function depthOf(scope: TypeScope): number {
  let depth = 0;
  for (let level: TypeScope | undefined = scope; level !== undefined; level = level.outer) depth += 1;
  return depth;
}
