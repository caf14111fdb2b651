/** The script of the workers of a pool; the build writes the module. */
export const WORKER: string;
