import { setTimeout as sleep } from 'node:timers/promises';
import { createSwitch, type Switch } from './switch.ts';
import { expectSame, type Tally } from './tally.ts';
import { tools, type World } from './world.ts';

/** What changes under the clients, by commands in other processes. */
export interface Churn {
  /** Whether `transform` is installed. */
  readonly installed: Switch;
  /** Whether `fetch` may reach the loopback. */
  readonly granted: Switch;
  /** Changes now one and now the other until `isOver`, and leaves both as they were at first. */
  readonly run: (isOver: () => boolean) => Promise<void>;
}

const pauseMs = 500;

export function createChurn({ kami }: World, origin: string, tally: Tally): Churn {
  const [installed, granted] = [createSwitch(), createSwitch()];
  const transform = 'dev.kami.bench.transform';
  const fetch = 'dev.kami.bench.fetch';
  const command = (kind: string, toggle: Switch, isOn: boolean, args: readonly string[]) =>
    tally.count(kind, () => toggle.turn(isOn, async () => void (await kami(...args))));
  const install = () => command('install', installed, true, ['install', tools.transform, '--yes']);
  const uninstall = () => command('uninstall', installed, false, ['uninstall', transform]);
  const grant = () => command('grant', granted, true, ['grant', fetch, `net=${origin}`]);
  const revoke = () => command('revoke', granted, false, ['revoke', fetch, 'net']);
  return {
    installed,
    granted,
    async run(isOver) {
      while (!isOver()) {
        for (const change of [revoke, uninstall, grant, install]) {
          await change();
          await sleep(pauseMs);
        }
      }
      expectSame([installed.isOn(), granted.isOn()], [true, true]);
    },
  };
}
