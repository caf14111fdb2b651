import '#all-ops';

export * from './files.ts';
export { trace } from './trace.ts';
