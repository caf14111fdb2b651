/** The script of a worker; the build writes the module. */
export const WORKER: string;
