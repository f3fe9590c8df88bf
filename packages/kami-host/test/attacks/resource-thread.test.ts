import { describeResourceAttacks } from './resource-attacks.ts';

describeResourceAttacks('thread');
