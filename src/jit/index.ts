import '#all-ops';
import '../tokenizer/placed.ts';

export * from './files.ts';
export { type OpenScriptOptions, open_script } from './script.ts';
export { trace } from './trace.ts';
