export { search } from './search.ts';
export { VectorIndex } from './vectorindex.ts';
