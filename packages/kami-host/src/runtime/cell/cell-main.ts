/**
 * The process of a cell: worker threads that run guests, and nothing else. It is started with an empty
 * environment, under Node's permission model, and holds neither files nor sockets nor policy; what a guest asks
 * the host for is passed on.
 */
import { EngineCache } from '../../component/engine-cache.ts';
import type { StoredForm } from '../../component/form-record.ts';
import type { Sha256 } from '../../model/ids.ts';
import { keepHeapSteady } from '../../process/steady-heap.ts';
import type { HostService } from '../../sandbox/host-call/dispatcher.ts';
import {
  HostCallError,
  type HostReply,
  type ServiceName,
  serviceNames,
} from '../../sandbox/host-call/protocol.ts';
import { ThreadExecutor } from '../thread-executor.ts';
import type { CellMessage, CellRequest } from './protocol.ts';

class DamagedForm extends Error {
  override readonly name = 'DamagedForm';
}

interface RunningCall {
  readonly cancel: AbortController;
  readonly waiting: Map<number, (reply: HostReply) => void>;
}

const forms = new Map<Sha256, StoredForm>();
const engines = new EngineCache();
const calls = new Map<number, RunningCall>();
const [poolSize = 1, cacheSize = 4] = process.argv.slice(2).map(Number);

const executor = new ThreadExecutor(
  {
    async load({ key }) {
      const form = forms.get(key);
      const compiled = form === undefined ? undefined : await engines.compile(form);
      if (compiled === undefined) throw new DamagedForm();
      return compiled;
    },
    compileEngine: (parts) => engines.compileEngine(parts),
    keepStart: async (key, start) => send({ kind: 'start', key, start }),
  },
  { poolSize, cacheSize, onEvent: () => {} },
);

process.on('message', (request: CellRequest) => {
  switch (request.kind) {
    case 'execute':
      void execute(request);
      return;
    case 'preload':
      executor.preload(request.engine);
      return;
    case 'cancel':
      calls.get(request.callId)?.cancel.abort(new Error('cancelled'));
      return;
    case 'reply':
      calls.get(request.callId)?.waiting.get(request.reply.id)?.(request.reply);
  }
});
// biome-ignore lint/nursery/noProcessExit: without its control process a cell has nothing to live for, and threads that run guests would keep it alive.
process.on('disconnect', () => process.exit());
keepHeapSteady();
executor.warmUp();
send({ kind: 'ready' });

function send(message: CellMessage): void {
  if (process.connected) process.send?.(message);
}

async function execute(request: Extract<CellRequest, { readonly kind: 'execute' }>): Promise<void> {
  const { callId, form, operation, limits, timeLeftMs, guest, services } = request;
  const key = typeof form === 'string' ? form : form.key;
  if (typeof form !== 'string') forms.set(key, form);
  const call: RunningCall = { cancel: new AbortController(), waiting: new Map() };
  calls.set(callId, call);
  try {
    const answer = await executor.execute({
      origin: { key, source: key, read: () => Promise.reject(new DamagedForm()) },
      operation,
      limits,
      timeLeftMs,
      guest,
      domain: '',
      services: Object.fromEntries(services.map((name) => [name, relay(callId, name, call)])),
      signal: call.cancel.signal,
      onLog: (line) => send({ kind: 'log', callId, line }),
    });
    send({ kind: 'answer', callId, answer });
  } catch (error) {
    if (error instanceof DamagedForm) send({ kind: 'damaged', callId });
    else if (!call.cancel.signal.aborted) throw error;
  } finally {
    calls.delete(callId);
  }
}

/** A service as the cell has it: every request goes to the control process, which alone can answer. */
function relay(callId: number, service: ServiceName, { waiting }: RunningCall): HostService {
  let lastId = 0;
  return {
    async handle(method, args) {
      const id = ++lastId * serviceNames.length + serviceNames.indexOf(service);
      const { promise, resolve } = Promise.withResolvers<HostReply>();
      waiting.set(id, resolve);
      send({ kind: 'ask', callId, request: { id, service, method, args } });
      const reply = await promise;
      waiting.delete(id);
      if (reply.status === 'failed') throw new HostCallError(reply.code, reply.detail);
      return reply.value;
    },
    close: async () => {},
  };
}
