import { isBundled } from '../model/sibling-module.ts';

/**
 * jco's transpiler is itself a component and asks for WASI. The shim it names would hand it the machine and loads
 * native code; it gets ours, which gives it nothing. The bundle is built that way; in a checkout it happens here.
 */
export async function loadTranspiler() {
  if (!isBundled) {
    // Only here: the oldest Node that the bundle runs on does not have it.
    const { registerHooks } = await import('node:module');
    const ours = new URL('./transpiler-wasi.ts', import.meta.url).href;
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier.startsWith('@bytecodealliance/preview2-shim')
          ? { url: ours, shortCircuit: true }
          : next(specifier, context),
    });
  }
  const { $init, generate } = await import('@bytecodealliance/jco-transpile/component');
  await $init;
  return generate;
}
