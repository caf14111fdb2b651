import { BINARIES } from '#kernels/general';
import { GENERAL as rows } from '../../ops/general.ts';
import type { OpSet } from '../sets.ts';

/** The set of these rows. */
export const GENERAL: OpSet = { rows, binaries: BINARIES };
