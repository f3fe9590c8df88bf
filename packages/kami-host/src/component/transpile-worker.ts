import { parentPort, workerData } from 'node:worker_threads';
import { $init, generate } from '@bytecodealliance/jco-transpile/component';

/** What the worker is given, and what it answers with. */
export type TranspileRequest = { readonly bytes: Uint8Array };
export type TranspileAnswer =
  | { readonly status: 'done'; readonly files: readonly (readonly [name: string, content: Uint8Array])[] }
  | { readonly status: 'rejected'; readonly detail: string };

parentPort?.postMessage(await transpile(workerData as TranspileRequest));

async function transpile({ bytes }: TranspileRequest): Promise<TranspileAnswer> {
  await $init;
  try {
    const { files } = generate(bytes, {
      name: 'component',
      // Any other mode lets the component name modules of Node and get them.
      instantiation: { tag: 'sync' },
      noTypescript: true,
      noNodejsCompat: true,
      base64Cutoff: 0,
      map: [],
    });
    return { status: 'done', files };
  } catch (error) {
    return { status: 'rejected', detail: detailOf(error) };
  }
}

/** The transpiler fails with its message as payload of the error. */
function detailOf(error: unknown): string {
  const payload = (error as { readonly payload?: unknown } | null)?.payload;
  const text = typeof payload === 'string' ? payload : String(error);
  return text.split('\n', 1)[0]?.slice(0, 500) ?? '';
}
