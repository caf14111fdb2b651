import { type Tensor, tensor } from '../../src/index.ts';

/** One text of `length` tokens from 1 to 37. */
export const row = (length: number, seed = 1): Tensor => tensor([Array.from({ length }, (_, i) => ((seed * (i + 3)) % 37) + 1)]);

/** A row of a mask that lets tokens from `from` to `to` through. */
export const maskOf = (length: number, from: number, to: number): number[] => Array.from({ length }, (_, i) => Number(i >= from && i < to));

/** Which tokens each layer of a model that answers attentions sees from token `from` of 8. */
export function seenFrom(model: (ids: Tensor) => unknown, from: number): string[] {
  const { attentions } = model(row(8)) as { attentions: Tensor[] };
  return attentions.map(({ data }) => [...data.slice(8 * from, 8 * from + 8)].map((weight) => Number(Number(weight) > 0)).join(''));
}
