import { BINARIES } from '#kernels/families';
import { FAMILIES as rows } from '../../ops/families.ts';
import type { OpSet } from '../sets.ts';

/** The set of these rows. */
export const FAMILIES: OpSet = { rows, binaries: BINARIES };
