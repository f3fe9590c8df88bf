import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { $init, generate } from '@bytecodealliance/jco-transpile/component';

/** What a call of `run` came to: the text of its ok or of its err case. */
export type RunOutcome = { readonly ok: string } | { readonly err: string };

export interface RunningComponent {
  readonly run: (input: string) => RunOutcome;
  readonly describe: () => string;
  /** Lines that went to `host.log`, as `level message`. */
  readonly lines: readonly string[];
  /** Interfaces that the component imports, without versions. */
  readonly imports: readonly string[];
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

// The types of WebAssembly come with those of a browser, which this package must not use.
const { Module } = (globalThis as unknown as { WebAssembly: { Module: new (bytes: unknown) => object } })
  .WebAssembly;

type Interface = Record<string, unknown>;
interface ToolExports {
  readonly run: (input: string) => string;
  readonly describe: () => string;
}

/** Instantiates a component with a log, a clock whose time passes at once, and nothing else that works. */
export async function startComponent(bytes: Uint8Array): Promise<RunningComponent> {
  await $init;
  const { files, imports } = generate(bytes, {
    name: 'component',
    noTypescript: true,
    instantiation: { tag: 'sync' },
    noNodejsCompat: true,
    base64Cutoff: 0,
    map: [],
  });
  const dir = await mkdtemp(join(tmpdir(), 'kami-guest-test-'));
  const glue = join(dir, 'component.mjs');
  const cores = new Map(files);
  await writeFile(glue, cores.get('component.js') ?? '');
  const { instantiate } = (await import(pathToFileURL(glue).href)) as {
    instantiate: (
      core: (name: string) => object,
      imports: Record<string, Interface>,
    ) => Record<string, ToolExports>;
  };
  const lines: string[] = [];
  const host = { log: (level: string, message: string) => void lines.push(`${level} ${message}`) };
  const provided: Record<string, Interface> = { ...wasi(), 'kami:tool/host': host };
  const exports = instantiate(
    (name) => new Module(cores.get(name)),
    Object.fromEntries(imports.map((name) => [name, lenient(name, provided[name] ?? {})])),
  );
  const tool = exports['kami:tool/tool@0.1.0'];
  if (tool === undefined) throw new Error('the component exports no kami:tool/tool@0.1.0');
  return {
    lines,
    imports,
    describe: () => tool.describe(),
    run(input) {
      try {
        return { ok: tool.run(input) };
      } catch (error) {
        // Only the err case of the result carries a payload; a trap is no outcome.
        if (error instanceof Error && 'payload' in error) return { err: String(error.payload) };
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

function wasi(): Record<string, Interface> {
  let now = 0n;
  class Pollable {
    ready(): boolean {
      return true;
    }
    block(): void {}
  }
  return {
    'wasi:clocks/monotonic-clock': {
      now: () => now,
      resolution: () => 1n,
      subscribeDuration(duration: bigint) {
        now += duration;
        return new Pollable();
      },
      subscribeInstant: () => new Pollable(),
    },
    'wasi:clocks/wall-clock': { now: () => ({ seconds: 0n, nanoseconds: 0 }) },
    'wasi:io/poll': { Pollable, poll: (list: readonly unknown[]) => Uint32Array.from(list.keys()) },
    'wasi:random/random': {
      getRandomU64: () => 4n,
      getRandomBytes: (length: bigint) => new Uint8Array(Number(length)),
    },
  };
}

/** The rest of an interface: resources that can be named, functions that throw. */
function lenient(name: string, given: Interface): Interface {
  return new Proxy(given, {
    get(target, key) {
      if (typeof key !== 'string' || key in target) return Reflect.get(target, key);
      if (/^[A-Z]/.test(key)) {
        target[key] = class {};
        return target[key];
      }
      return () => {
        throw new Error(`the test offers no ${name} ${key}`);
      };
    },
  });
}
