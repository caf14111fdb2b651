export { quantizeVectors } from '../text/precision.ts';
export { search } from '../text/search.ts';
export { CrossEncoder } from './crossencoder.ts';
export { MultiVectorEncoder } from './multivectorencoder.ts';
export { SentenceTransformer } from './sentencetransformer.ts';
export { SparseEncoder } from './sparseencoder.ts';
