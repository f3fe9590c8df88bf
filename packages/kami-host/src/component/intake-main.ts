/**
 * The process in which a component is looked at for the first time: nothing of it was believed, compiled or run
 * before. It takes the bytes, checks and takes them apart, and answers once.
 */
import type { ErrorCode } from '../errors/catalogue.ts';
import { isKamiError, type KamiErrorInit } from '../errors/kami-error.ts';
import { MalformedBinary } from './binary-reader.ts';
import { type BoundModule, boundModule } from './bound-module.ts';
import { checkCoreNames } from './core-names.ts';
import { checkCoreTypes } from './core-types.ts';
import { checkImportedTypes } from './imported-types-check.ts';
import { checkInterfaces, invalidComponent } from './interfaces.ts';
import { loadTranspiler } from './transpiler.ts';

export interface IntakeRequest {
  readonly bytes: Uint8Array;
  /** How to call the bytes in an error. */
  readonly source: string;
}

export type IntakeAnswer =
  | { readonly status: 'accepted'; readonly component: TranspiledComponent }
  | { readonly status: 'refused'; readonly code: ErrorCode; readonly init: KamiErrorInit };

/** A component taken apart: the JavaScript that links it, and its core modules with bounded memories and tables. */
export interface TranspiledComponent {
  readonly glue: Uint8Array;
  readonly modules: readonly (BoundModule & { readonly name: string })[];
}

const glueName = 'component.js';

process.once('message', async (request: IntakeRequest) => {
  const answer = await takeIn(request);
  process.send?.(answer, () => process.disconnect());
});

async function takeIn(request: IntakeRequest): Promise<IntakeAnswer> {
  try {
    return { status: 'accepted', component: await takeApart(request) };
  } catch (error) {
    if (!isKamiError(error)) throw error;
    const { code, message, fix, data } = error;
    return { status: 'refused', code, init: { message, fix, ...(data === undefined ? {} : { data }) } };
  }
}

async function takeApart({ bytes, source }: IntakeRequest): Promise<TranspiledComponent> {
  checkInterfaces(bytes, source);
  checkImportedTypes(bytes, source);
  const files = transpile(await loadTranspiler(), bytes, source);
  const glue = files.find(([name]) => name === glueName)?.[1];
  if (glue === undefined) throw invalidComponent(source, 'it has nothing to link');
  const modules = files
    .filter(([name]) => name.endsWith('.wasm'))
    .map(([name, content]) => ({ name, ...prepareModule(content, source) }));
  return { glue, modules };
}

type Generate = Awaited<ReturnType<typeof loadTranspiler>>;

function transpile(generate: Generate, bytes: Uint8Array, source: string): readonly [string, Uint8Array][] {
  try {
    return generate(bytes, {
      name: 'component',
      // Any other mode lets the component name modules of Node and get them.
      instantiation: { tag: 'sync' },
      noTypescript: true,
      noNodejsCompat: true,
      base64Cutoff: 0,
      map: [],
    }).files;
  } catch (cause) {
    throw invalidComponent(source, detailOf(cause), cause);
  }
}

function prepareModule(content: Uint8Array, source: string): BoundModule {
  try {
    checkCoreNames(content);
    checkCoreTypes(content);
    const bound = boundModule(content);
    // Compiled here once, so that what takes V8 down or for ever does so in this process.
    new WebAssembly.Module(bound.bytes);
    return bound;
  } catch (cause) {
    if (cause instanceof MalformedBinary || cause instanceof WebAssembly.CompileError) {
      throw invalidComponent(source, cause.message.slice(0, 300), cause);
    }
    throw cause;
  }
}

/** The transpiler fails with its message as payload of the error. */
function detailOf(error: unknown): string {
  const payload = (error as { readonly payload?: unknown } | null)?.payload;
  const text = typeof payload === 'string' ? payload : String(error);
  return text.split('\n', 1)[0]?.slice(0, 500) ?? '';
}
