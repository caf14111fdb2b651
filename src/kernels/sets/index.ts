import { addOps } from '../sets.ts';
import { FAMILIES } from './families.ts';
import { GENERAL } from './general.ts';
import { HALVES } from './halves.ts';

export { OPS } from '../../ops/table.ts';

for (const set of [FAMILIES, HALVES, GENERAL]) addOps(set);
