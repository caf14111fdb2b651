import { BINARIES } from '#kernels/general';
import { FUNCTIONS as functions } from '../../ops/functionnames.ts';
import { GENERAL as rows } from '../../ops/general.ts';
import type { OpSet } from '../sets.ts';

/** The set of these rows. */
export const GENERAL: OpSet = { rows, binaries: BINARIES, functions };
