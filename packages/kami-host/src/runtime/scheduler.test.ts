import { describe, expect, it } from 'vitest';
import { Scheduler } from './scheduler.ts';

const never = { signal: new AbortController().signal, lane: 'a' };

/** A job that ends when it is told to. */
function openJob() {
  const { promise, resolve } = Promise.withResolvers<void>();
  let started = false;
  const run = async () => {
    started = true;
    await promise;
  };
  return { run, end: resolve, isStarted: () => started };
}

describe('Scheduler', () => {
  it('runs as many jobs at once as it may, and the others in the order in which they came', async () => {
    const scheduler = new Scheduler({ maxConcurrent: 2, maxQueued: 100 });
    const order: number[] = [];
    let running = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        scheduler.run(async () => {
          order.push(index);
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          running--;
        }, never),
      ),
    );
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(most).toBe(2);
    expect([scheduler.running, scheduler.waiting]).toEqual([0, 0]);
  });

  it('goes on after a job that fails', async () => {
    const scheduler = new Scheduler({ maxConcurrent: 1, maxQueued: 100 });
    await expect(scheduler.run(() => Promise.reject(new Error('broken')), never)).rejects.toThrow('broken');
    await expect(scheduler.run(async () => 'done', never)).resolves.toBe('done');
  });

  it('forgets a job that is cancelled while it waits, without losing its place to anybody', async () => {
    const scheduler = new Scheduler({ maxConcurrent: 1, maxQueued: 100 });
    const first = openJob();
    const running = scheduler.run(first.run, never);
    const cancel = new AbortController();
    const second = openJob();
    const cancelled = scheduler.run(second.run, { signal: cancel.signal, lane: 'a' });
    const third = scheduler.run(async () => 'third', never);
    cancel.abort(new Error('cancelled'));
    await expect(cancelled).rejects.toThrow('cancelled');
    first.end();
    await running;
    await expect(third).resolves.toBe('third');
    expect(second.isStarted()).toBe(false);
    expect(scheduler.running).toBe(0);
  });

  it('closes when what runs has ended, and refuses what waits and what comes', async () => {
    const scheduler = new Scheduler({ maxConcurrent: 1, maxQueued: 100 });
    const job = openJob();
    const running = scheduler.run(job.run, never);
    const waiting = scheduler.run(async () => 'late', never);
    const refused = expect(waiting).rejects.toMatchObject({ code: 'KAMI_SHUTTING_DOWN' });
    let closed = false;
    const closing = scheduler.close().then(() => {
      closed = true;
    });
    await refused;
    await expect(scheduler.run(async () => 'later', never)).rejects.toMatchObject({
      code: 'KAMI_SHUTTING_DOWN',
    });
    expect(closed).toBe(false);
    job.end();
    await Promise.all([running, closing]);
    expect(closed).toBe(true);
  });

  it('lets lanes take turns: a flood in one delays another by one place', async () => {
    const scheduler = new Scheduler({ maxConcurrent: 1, maxQueued: 1_000 });
    const order: string[] = [];
    const job = (name: string) => () => Promise.resolve(void order.push(name));
    const { signal } = never;
    const flood = Array.from({ length: 1_000 }, () => scheduler.run(job('flood'), { signal, lane: 'flood' }));
    const singles = ['b', 'c'].map((name) => scheduler.run(job(name), { signal, lane: name }));
    await Promise.all([...flood, ...singles]);
    // One runs already, and one of each lane before it is its turn.
    expect([order.indexOf('b'), order.indexOf('c')]).toEqual([2, 3]);
  });

  it('refuses what is too much for a lane, and takes what another lane brings', async () => {
    const scheduler = new Scheduler({ maxConcurrent: 1, maxQueued: 2 });
    const open = openJob();
    const { signal } = never;
    const taken = [open.run, open.run, open.run].map((run) => scheduler.run(run, never));
    await expect(scheduler.run(open.run, never)).rejects.toMatchObject({ code: 'KAMI_BUSY' });
    const other = scheduler.run(async () => 'taken', { signal, lane: 'b' });
    open.end();
    await expect(other).resolves.toBe('taken');
    await Promise.all(taken);
    expect([scheduler.running, scheduler.waiting]).toEqual([0, 0]);
  });
});
