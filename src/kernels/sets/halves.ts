import { BINARIES } from '#kernels/halves';
import { HALVES as rows } from '../../ops/halves.ts';
import type { OpSet } from '../sets.ts';

/** The set of these rows. */
export const HALVES: OpSet = { rows, binaries: BINARIES };
