import { setKernelSource } from './kernels.ts';
import { inlineKernels } from './platform/inline.ts';

export * from './index.ts';

setKernelSource(inlineKernels);
