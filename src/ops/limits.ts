/*
 * Numbers that kernels and host agree on. Both compile this file: assembly/ imports it as well.
 */

/** Columns of activations that integer products round together. */
export const INTEGER_STRETCH = 384;
/** Rows of activations that are rounded before they are multiplied. */
export const INTEGER_ROWS = 128;
/** Rows of weights that the first-level cache holds. */
export const INTEGER_COLS = 40;
/** Rows of activations that are multiplied at once. */
export const INTEGER_TILE = 6;
/** The largest weight that integer products take: no step of them can saturate with it. */
export const MOST_WEIGHT = 64;
/** Weights of four bits that share a step. */
export const GROUP = 32;
/** Rows of queries whose scores are held at once. */
export const ATTENTION_BLOCK = 48;
/** Rows of a panel after which the next tile of a product has its turn, so that this stretch of it stays in the first-level cache. */
export const PRODUCT_STRETCH = 512;
