import { setKernelSource } from './kernels/binaries.ts';
import { inlineKernels } from './platform/inline.ts';

export * from './index.ts';

setKernelSource(inlineKernels);
