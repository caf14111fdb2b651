import '#all-ops';

export * from './files.ts';
export { open_script } from './script.ts';
export { trace } from './trace.ts';
