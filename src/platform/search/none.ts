import type { KernelSource } from '../platform.ts';

/** Edge workers, whose uploads are no larger for searches that few of them make. */
export const searchKernels: KernelSource = () => undefined;
