import { expect, it } from 'vitest';
import { connect, reasonOf, textOf } from '../fixtures/mcp-client.ts';
import { tempFolder } from '../fixtures/temp-folder.ts';
import { installWatTools } from '../fixtures/wat-package.ts';
import { honestTools, hostileTools } from '../fixtures/wat-tools.ts';

const places = 2;
const queued = 20;
const flood = 300;

it('threat 26: a flood of calls meets a full queue, and delays the call of another tool by a few places', async () => {
  await using data = await tempFolder();
  const options = { dataDir: data.path };
  await installWatTools({ loop: hostileTools.loop }, options, { timeoutMs: 200 });
  await installWatTools({ parrot: honestTools.parrot }, options);
  const settings = { KAMI_RUNTIME_MAX_CONCURRENT: `${places}`, KAMI_RUNTIME_MAX_QUEUED: `${queued}` };
  await using server = await connect({ ...options, env: settings });
  await server.call('test_wat_parrot', { text: 'compiled' });

  const ends: string[] = [];
  const calls = Array.from({ length: flood }, async () => {
    const end = await server.call('test_wat_loop', {}).then(reasonOf, (error: Error) => error.message);
    ends.push(end ?? 'success');
  });
  const honest = await server.call('test_wat_parrot', { text: 'well' });
  const endedBefore = ends.filter((end) => end === 'timeout').length;
  expect(textOf(honest)).toContain('well');
  // It had the place that is kept for a tool that has none.
  expect(endedBefore).toBeLessThanOrEqual(1);

  await Promise.all(calls);
  const refused = ends.filter((end) => end.includes('wait already'));
  const late = ends.filter((end) => end.includes('could not begin within its time limit of 200 ms'));
  const ran = ends.filter((end) => end === 'timeout');
  // One of the flood runs, as many as may wait, and for all of them time counts from their arrival: whoever arrives after
  // the first of them have ended may wait in their place.
  expect(refused.length + ran.length + late.length).toBe(flood);
  expect(refused.length).toBeGreaterThan(flood / 2);
  expect(ran.length + late.length).toBeGreaterThan(queued);
  expect(ran.length).toBeGreaterThan(0);
  expect(late.length).toBeGreaterThan(0);
  expect(refused[0]).toMatch(/Call it again in \d+ s/);
});
