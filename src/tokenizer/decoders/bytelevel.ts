import { fromByteChars } from '../bytelevel.ts';
import type { Decoder } from '../interfaces.ts';

/** Tokens whose characters stand for bytes become the text that these are together. */
export const byteLevelDecoder: Decoder = (tokens) => [fromByteChars(tokens)];
