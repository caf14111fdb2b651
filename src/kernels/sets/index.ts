import { addOps } from '../sets.ts';
import { FAMILIES } from './families.ts';
import { HALVES } from './halves.ts';

export { OPS } from '../../ops/table.ts';

for (const set of [FAMILIES, HALVES]) addOps(set);
