import type { OpenArchive } from './loading.ts';

/** Where scripts are small, nothing opens archives of PyTorch unless it is asked for by name. */
export const archives: OpenArchive | undefined = undefined;
