import { fastmcp, sdk, sdkBundled } from './bare.ts';
import { kamiSubjects } from './kami.ts';
import type { KamiData } from './kami-data.ts';
import { naiveInstance, naiveWorker } from './naive.ts';
import type { Subject } from './subject.ts';
import { xmcp } from './xmcp.ts';

/** All that are compared, KAMI first. */
export function allSubjects(data: KamiData): readonly Subject[] {
  return [...kamiSubjects(data), sdk, sdkBundled, fastmcp, xmcp, naiveInstance, naiveWorker];
}
