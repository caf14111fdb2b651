import type { OpenArchive } from './loading.ts';
import type { Replay } from './record.ts';

/** Where scripts are small, nothing opens archives of PyTorch unless it is asked for by name. */
export const archives: OpenArchive | undefined = undefined;

/** Where scripts are small, traces hold ops as they are called. */
export const patterns: (() => Promise<Replay>) | undefined = undefined;
