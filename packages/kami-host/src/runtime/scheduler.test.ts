import { describe, expect, it } from 'vitest';
import { type Place, Scheduler, type Turn } from './scheduler.ts';

const lane = (tool: string, client = 'local') => ({ client, tool });
const turn = (tool = 'a', more: Partial<Turn> = {}): Turn => ({
  signal: new AbortController().signal,
  lane: lane(tool),
  patienceMs: 60_000,
  ...more,
});
const one = { maxConcurrent: 1, maxComputing: 1, maxQueued: 1_000 };
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A job that ends when it is told to. */
function openJob() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { promise: started, resolve: start } = Promise.withResolvers<Place>();
  let isStarted = false;
  const run = async (place: Place) => {
    isStarted = true;
    start(place);
    await promise;
  };
  return { run, end: resolve, started, isStarted: () => isStarted };
}

describe('Scheduler', () => {
  it('runs as many jobs at once as it may, and the others in the order in which they came', async () => {
    const scheduler = new Scheduler({ ...one, maxConcurrent: 9, maxComputing: 3 });
    const order: number[] = [];
    let running = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        scheduler.run(async () => {
          order.push(index);
          most = Math.max(most, ++running);
          await settled();
          running--;
        }, turn()),
      ),
    );
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
    // The third place is kept for another lane.
    expect(most).toBe(2);
    expect([scheduler.running, scheduler.waiting]).toEqual([0, 0]);
  });

  it('goes on after a job that fails', async () => {
    const scheduler = new Scheduler(one);
    await expect(scheduler.run(() => Promise.reject(new Error('broken')), turn())).rejects.toThrow('broken');
    await expect(scheduler.run(async () => 'done', turn())).resolves.toBe('done');
  });

  it('forgets a job that is cancelled while it waits, without losing its place to anybody', async () => {
    const scheduler = new Scheduler(one);
    const first = openJob();
    const running = scheduler.run(first.run, turn());
    const cancel = new AbortController();
    const second = openJob();
    const cancelled = scheduler.run(second.run, turn('a', { signal: cancel.signal }));
    const third = scheduler.run(async () => 'third', turn());
    cancel.abort(new Error('cancelled'));
    await expect(cancelled).rejects.toThrow('cancelled');
    first.end();
    await running;
    await expect(third).resolves.toBe('third');
    expect(second.isStarted()).toBe(false);
    expect(scheduler.running).toBe(0);
  });

  it('keeps no place for a job that is cancelled in the moment in which its turn comes', async () => {
    for (let steps = 0; steps < 8; steps += 1) {
      const scheduler = new Scheduler(one);
      const first = openJob();
      const running = scheduler.run(first.run, turn());
      const cancel = new AbortController();
      const second = scheduler.run(async () => {}, turn('a', { signal: cancel.signal })).catch(() => {});
      first.end();
      for (let step = 0; step < steps; step += 1) await null;
      cancel.abort();
      await Promise.all([running, second]);
      await settled();
      expect([scheduler.running, scheduler.waiting]).toEqual([0, 0]);
      await scheduler.close();
    }
  });

  it('closes when what runs has ended, and refuses what waits and what comes', async () => {
    const scheduler = new Scheduler(one);
    const job = openJob();
    const running = scheduler.run(job.run, turn());
    const waiting = scheduler.run(async () => 'late', turn());
    const refused = expect(waiting).rejects.toMatchObject({ code: 'KAMI_SHUTTING_DOWN' });
    let closed = false;
    const closing = scheduler.close().then(() => {
      closed = true;
    });
    await refused;
    await expect(scheduler.run(async () => 'later', turn())).rejects.toMatchObject({
      code: 'KAMI_SHUTTING_DOWN',
    });
    expect(closed).toBe(false);
    job.end();
    await Promise.all([running, closing]);
    expect(closed).toBe(true);
  });

  it('refuses what is too much for a lane and says when to come again, and takes what another lane brings', async () => {
    const scheduler = new Scheduler({ ...one, maxQueued: 2 });
    const open = openJob();
    const taken = [open.run, open.run, open.run].map((run) => scheduler.run(run, turn()));
    await expect(scheduler.run(open.run, turn())).rejects.toMatchObject({
      code: 'KAMI_BUSY',
      data: { retryAfterMs: expect.any(Number) },
    });
    const other = scheduler.run(async () => 'taken', turn('b'));
    open.end();
    await expect(other).resolves.toBe('taken');
    await Promise.all(taken);
    expect([scheduler.running, scheduler.waiting]).toEqual([0, 0]);
  });

  it('tells a job how long it waited, and refuses one that waited longer than it has time', async () => {
    const scheduler = new Scheduler(one);
    const open = openJob();
    const running = scheduler.run(open.run, turn());
    const late = scheduler.run(async () => 'late', turn('b', { patienceMs: 20 }));
    await expect(late).rejects.toMatchObject({
      code: 'KAMI_BUSY',
      message: /within its time limit of 20 ms/,
    });
    const patient = scheduler.run(async ({ waitedMs }) => waitedMs, turn('b'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    open.end();
    await running;
    expect(await patient).toBeGreaterThan(20);
  });
});

describe('lanes', () => {
  const flood = (scheduler: Scheduler, order: string[], name: string, turns: Turn) =>
    Array.from({ length: 1_000 }, () => scheduler.run(async () => void order.push(name), turns));

  it('take turns: a flood in one delays another by one place', async () => {
    const scheduler = new Scheduler(one);
    const order: string[] = [];
    const flooding = flood(scheduler, order, 'flood', turn('flood'));
    const singles = ['b', 'c'].map((name) => scheduler.run(async () => void order.push(name), turn(name)));
    await Promise.all([...flooding, ...singles]);
    // One runs already, and one of each lane before it is its turn.
    expect([order.indexOf('b'), order.indexOf('c')]).toEqual([2, 3]);
  });

  it('of one client take turns among themselves: many tools give it no more places than another has', async () => {
    const scheduler = new Scheduler(one);
    const order: string[] = [];
    const many = Array.from({ length: 50 }, (_, index) =>
      flood(scheduler, order, 'many', turn('', { lane: lane(`tool ${index}`, 'busy') })),
    );
    const few = Array.from({ length: 10 }, () =>
      scheduler.run(async () => void order.push('few'), turn('', { lane: lane('tool 0', 'calm') })),
    );
    await Promise.all([...many.flat(), ...few]);
    // One before it and one between each two of it.
    expect(order.lastIndexOf('few')).toBeLessThanOrEqual(21);
  });

  it('leave the last place to one that has none', async () => {
    const scheduler = new Scheduler({ ...one, maxConcurrent: 4, maxComputing: 4 });
    const jobs = Array.from({ length: 9 }, openJob);
    const runs = jobs.map(({ run }, index) => scheduler.run(run, turn(index < 8 ? 'flood' : 'single')));
    await settled();
    expect(jobs.map(({ isStarted }) => isStarted())).toEqual([
      ...[true, true, true],
      ...[false, false, false, false, false],
      true,
    ]);
    for (const { end } of jobs) end();
    await Promise.all(runs);
  });
});

describe('a job that waits for something outside', () => {
  const two = { maxConcurrent: 4, maxComputing: 1, maxQueued: 100 };

  it('lets another compute, and goes on when that has ended', async () => {
    const scheduler = new Scheduler(two);
    const [first, second] = [openJob(), openJob()];
    const runs = [scheduler.run(first.run, turn()), scheduler.run(second.run, turn())];
    const place = await first.started;
    expect(second.isStarted()).toBe(false);
    place.pause();
    await second.started;
    let resumed = false;
    const resuming = place.resume().then(() => {
      resumed = true;
    });
    await settled();
    expect(resumed).toBe(false);
    second.end();
    await resuming;
    first.end();
    await Promise.all(runs);
    expect([scheduler.running, scheduler.waiting]).toEqual([0, 0]);
  });

  it('still has its place, of which there are only so many', async () => {
    const scheduler = new Scheduler({ ...two, maxConcurrent: 2, maxComputing: 2 });
    const jobs = [openJob(), openJob(), openJob()] as const;
    const runs = jobs.map(({ run }, index) => scheduler.run(run, turn(`tool ${index}`)));
    (await jobs[0].started).pause();
    (await jobs[1].started).pause();
    await settled();
    expect(jobs[2].isStarted()).toBe(false);
    for (const { end } of jobs) end();
    await Promise.all(runs);
  });

  it('takes no turn with it when it ends outside, or while it wants to come in again', async () => {
    const scheduler = new Scheduler(two);
    const [outside, coming, inside] = [openJob(), openJob(), openJob()];
    const runs = [outside, coming, inside].map(({ run }) => scheduler.run(run, turn()));
    (await outside.started).pause();
    (await coming.started).pause();
    await inside.started;
    const back = (await coming.started).resume();
    outside.end();
    coming.end();
    await Promise.all([runs[0], runs[1], back]);
    const after = openJob();
    const last = scheduler.run(after.run, turn());
    await settled();
    expect(after.isStarted()).toBe(false);
    inside.end();
    await after.started;
    after.end();
    await last;
    await runs[2];
    expect([scheduler.running, scheduler.waiting]).toEqual([0, 0]);
  });

  it('may say so twice', async () => {
    const scheduler = new Scheduler(two);
    await scheduler.run(async ({ pause, resume }) => {
      pause();
      pause();
      await Promise.all([resume(), resume()]);
      await resume();
    }, turn());
    const [first, second] = [openJob(), openJob()];
    const runs = [first, second].map(({ run }) => scheduler.run(run, turn()));
    await settled();
    expect([first.isStarted(), second.isStarted()]).toEqual([true, false]);
    first.end();
    second.end();
    await Promise.all(runs);
  });
});
