import { FLAG, kind, SIZE } from '../base/schema.ts';
import { named, optional } from '../tensor/arguments.ts';

/** What fresh weights follow from. */
export const SEED = kind<number>('a whole number', Number.isSafeInteger);

/** Arguments of `resize_token_embeddings` by name. */
export interface ResizeOptions {
  /** The number of words is made a multiple of this. */
  pad_to_multiple_of?: number | null;
  /** Whether rows that are added are the mean of those that there are; true unless given. */
  mean_resizing?: boolean;
  /** What they follow from otherwise. */
  seed?: number;
}

/** What each of them may be. */
export const RESIZE = {
  new_num_tokens: optional(SIZE),
  pad_to_multiple_of: optional(SIZE),
  mean_resizing: optional(FLAG),
  seed: named(SEED),
};
