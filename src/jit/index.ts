import '#all-ops';

export * from './files.ts';
export { type OpenScriptOptions, open_script } from './script.ts';
export { trace } from './trace.ts';
export { trace_module } from './tracemodule.ts';
