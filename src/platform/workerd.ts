import baseline from '../wasm/baseline.wasm';
import relaxed from '../wasm/relaxed.wasm';
import { noFiles } from './nofiles.ts';
import type { Platform, Variant } from './platform.ts';

const MODULES: Partial<Record<Variant, WebAssembly.Module>> = { baseline, relaxed };

/** Edge workers, which run no wasm but what was compiled at their upload. */
export const platform: Platform = { ...noFiles, kernelModule: (variant) => MODULES[variant] };
