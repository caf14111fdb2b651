import { setKernelSource } from './kernels/binaries.ts';
import './kernels/sets/index.ts';
import { inlineKernels } from './platform/inline.ts';

export * from './index.ts';

setKernelSource(inlineKernels);
