import { TRACE_NAME } from './trace.ts';

export const SINGLE = 'model.safetensors';
export const INDEX: string = `${SINGLE}.index.json`;
export const PYTORCH = 'pytorch_model.bin';
export const PYTORCH_INDEX: string = `${PYTORCH}.index.json`;
/** What weights are looked for under in a folder, the first that is there counts. */
export const WEIGHT_FILES: readonly string[] = [SINGLE, INDEX, TRACE_NAME, PYTORCH, PYTORCH_INDEX];
