import type { Shape } from '../../src/tensor/tensor.ts';

export interface Case {
  /** Shapes of the operands that are given. */
  shapes: Record<string, Shape>;
  attrs?: Record<string, number | string>;
  /** Rows of each sequence, where they are not all as long as the longest. */
  lengths?: number[];
  /** The same of keys, where these are of other sequences. */
  keyLengths?: number[];
  /** Factors on the values of operands, which lie in [-2, 2) without. */
  gains?: Record<string, number>;
  /** Mask of row r of sequence b. */
  mask?: (r: number, b: number) => number;
}

/** Lengths around the lane width, the tile and the loops of 16. */
export const LENGTHS = [0, 1, 3, 4, 5, 7, 8, 9, 13, 16, 17, 31, 67];
export const MATRICES: [rows: number, cols: number][] = [
  [0, 4],
  [1, 1],
  [3, 2],
  [2, 3],
  [5, 4],
  [1, 5],
  [4, 7],
  [3, 8],
  [2, 9],
  [7, 16],
  [3, 17],
  [1, 37],
  [53, 1],
  [2, 131],
];

export const NORMS: Case[] = MATRICES.map(([r, c]) => ({ shapes: { x: [r, c], weight: [c], bias: [c] }, attrs: { eps: 1e-5 } }));
export const ROWWISE: Case[] = MATRICES.map(([r, c]) => ({ shapes: { x: [r, c] } }));
export const LOOKUPS: [rows: number, vocab: number, cols: number][] = [
  [0, 3, 4],
  [1, 1, 1],
  [5, 7, 3],
  [3, 4, 8],
  [9, 2, 17],
  [2, 30, 64],
];

interface Sequences {
  longest: number;
  lengths: number[];
  heads: number;
  head_dim: number;
  mask?: Case['mask'];
}

const behind = (counts: number[]) => (r: number, b: number) => (r < counts[b] ? 1 : 0);
export const SEQUENCES: readonly Sequences[] = [
  { longest: 1, lengths: [1], heads: 1, head_dim: 1 },
  { longest: 7, lengths: [7, 7], heads: 2, head_dim: 4 },
  { longest: 9, lengths: [9], heads: 3, head_dim: 5, mask: (r) => (r % 3 === 1 ? 0 : 1) },
  { longest: 13, lengths: [13, 13, 13], heads: 2, head_dim: 8, mask: behind([13, 4, 0]) },
  { longest: 12, lengths: [12, 5, 0, 3], heads: 2, head_dim: 7 },
  { longest: 50, lengths: [50, 49], heads: 1, head_dim: 9, mask: (r) => (r > 20 && r < 40 ? 0 : 1) },
  { longest: 101, lengths: [101], heads: 1, head_dim: 32 },
  { longest: 0, lengths: [], heads: 1, head_dim: 4 },
];

/** More keys than a product takes in one stretch. */
export const LONG_SEQUENCES: readonly Sequences[] = [
  { longest: 530, lengths: [530], heads: 1, head_dim: 9, mask: (r) => (r === 7 || r > 523 ? 0 : 1) },
];

export function sequenceCases(
  operands: (batch: number, longest: number, hidden: number) => Record<string, Shape>,
  sequences: readonly Sequences[] = SEQUENCES,
): Case[] {
  return sequences.map(({ longest, lengths, heads, head_dim, mask }) => {
    const batch = lengths.length;
    return {
      shapes: { ...operands(batch, longest, heads * head_dim), ...(mask ? { mask: [batch, longest] } : {}), starts: [batch + 1] },
      attrs: { heads, scale: 1 / Math.sqrt(head_dim) },
      lengths,
      mask,
    };
  });
}
