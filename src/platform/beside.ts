import type { Carried } from './platform.ts';

/** Sets of ops carry no kernels where these are read from files beside the script, or given by the caller. */
export const BINARIES: Carried = {};
