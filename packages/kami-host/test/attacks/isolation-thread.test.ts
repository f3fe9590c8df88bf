import { describeIsolationAttacks } from './isolation-attacks.ts';

describeIsolationAttacks('thread');
