import { byteCharsOf } from '../bytelevel.ts';
import { flatMap } from '../chars.ts';
import type { Normalizer } from '../interfaces.ts';

/** Every character becomes those that stand for its bytes. */
export const byteLevelNormalizer: Normalizer = (chars) => flatMap(chars, byteCharsOf);
