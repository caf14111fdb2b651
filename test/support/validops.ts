import { tensor } from '../../src/index.ts';
import { x, y } from './subjects.ts';
import { floats } from './tiny.ts';

type Valid = () => readonly unknown[];

const each = (names: string, valid: Valid): [name: string, Valid][] => names.split(' ').map((name) => [name, valid]);

/** What general ops take behind a tensor [2, 3]. */
const BEHIND: readonly [name: string, Valid][] = [
  ['div', () => [y(), { rounding_mode: 'floor' }]],
  ...each('floor_divide remainder minimum maximum pow eq ne lt le gt ge logical_and logical_or logical_xor', () => [y()]),
  ['clamp', () => [0, 1]],
  ...each('neg abs exp log sqrt rsqrt reciprocal square erf sin cos floor ceil round trunc sign logical_not', () => []),
  ['masked_fill', () => [tensor([1, 0, 1]), 2]],
  ...each('sum mean amax amin all any', () => [0, true]),
  ...each('var std', () => [0, { correction: 0, keepdim: true }]),
  ...each('argmax argmin', () => [-1, true]),
  ['cumsum', () => [0]],
  ['topk', () => [1, 0, false, true]],
  ['gather', () => [0, tensor([[1, 0, 1]])]],
  ['index_select', () => [0, tensor([1, 0])]],
  ...each('expand broadcast_to', () => [[4, 2, 3]]),
  ['repeat', () => [[1, 2]]],
  ['repeat_interleave', () => [2, 1]],
  ['chunk', () => [2, 1]],
  ['split', () => [[1, 2], 1]],
  ['unbind', () => [1]],
];

/** Right calls of general ops, as functions and as methods. */
export const VALID_OPS: Readonly<Record<string, Valid>> = {
  ...Object.fromEntries(BEHIND.map(([name, valid]) => [`F.${name}`, () => [x(), ...valid()]])),
  ...Object.fromEntries(BEHIND.map(([name, valid]) => [`Tensor#${name}`, valid])),
  'F.where': () => [tensor([1, 0, 1]), x(), y()],
  'F.bmm': () => [floats([2, 2, 3]), floats([2, 3, 2])],
  'F.einsum': () => ['ij,kj->ik', x(), y()],
  'F.stack': () => [[x(), y()], 0],
  'F.reshape': () => [x(), [3, 2]],
  ...Object.fromEntries(each('squeeze unsqueeze', () => [x(), 0]).map(([name, valid]) => [`F.${name}`, valid])),
  'F.flatten': () => [x(), 0, 1],
  'Tensor#where': () => [tensor([1, 0, 1]), y()],
  'Tensor#float': () => [],
  'Tensor#log_softmax': () => [0],
};
