import { TraceletError } from '../../base/error.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { promoted } from '../dtypes.ts';
import { broadcast } from '../geometry.ts';
import { permute, reshape, transpose, unsqueeze } from '../moves.ts';
import { made, type Node } from '../node.ts';
import { byElement, number } from '../pointwise.ts';
import { simplified } from '../rules/rules.ts';
import type { OpTable } from '../schema.ts';
import { diagonal } from './diagonals.ts';
import { contraction, lettersOf } from './einsum.ts';
import { reduced } from './reductions.ts';

/** Products of matrices and what is made of them. */

/** As `torch.matmul`: a vector is a row before a matrix, and a column behind one. */
export function matmul(a: Node, b: Node): Node {
  if (a.shape.length === 0 || b.shape.length === 0)
    throw new TraceletError('shape', { what: 'matmul', expected: 'at least one dimension', got: `[${a.shape}] and [${b.shape}]` });
  if (a.shape.length === 1) {
    const row = matmul(unsqueeze(a, 0), b);
    return reshape(row, b.shape.length === 1 ? [] : b.shape.toSpliced(-2, 1));
  }
  if (b.shape.length === 1) return reshape(matmul(a, unsqueeze(b, 1)), a.shape.slice(0, -1));
  const [m, k] = a.shape.slice(-2);
  const [rows, n] = b.shape.slice(-2);
  if (k !== rows) throw new TraceletError('shape', { what: 'matmul', expected: `[…, ${k}, n]`, got: `[${b.shape}]` });
  const lead = broadcast([a.shape.slice(0, -2), b.shape.slice(0, -2)], 'matmul');
  return simplified(made('matmul', promoted([a, b]), [...lead, m, n], [a, b]));
}

/** As `torch.nn.functional.linear`. */
export function linear(input: Node, weight: Node, bias: Node | null): Node {
  const [out, inner] = weight.shape;
  if (weight.shape.length !== 2 || input.shape.at(-1) !== inner)
    throw new TraceletError('shape', { what: 'linear', expected: `a weight [out, ${input.shape.at(-1)}]`, got: `[${weight.shape}]` });
  const shape = [...input.shape.slice(0, -1), out];
  return simplified(made('linear', promoted([input, weight]), shape, bias ? [input, weight, bias] : [input, weight]));
}

const times = (node: Node, factor: number): Node => (factor === 1 ? node : simplified(byElement('mul', node, number(factor))));

const addition = (self: Node, product: Node, beta: number, alpha: number): Node =>
  beta === 0 ? times(product, alpha) : byElement('add', times(self, beta), times(product, alpha));

const added = (self: Node, a: Node, b: Node, beta: number, alpha: number): Node => addition(self, matmul(a, b), beta, alpha);

/** x · y over pairs of `equation`, by way of products of matrices. */
function einsum(equation: string, given: readonly Node[]): Node {
  const { terms, out } = lettersOf(
    equation,
    given.map(({ shape }) => shape),
  );
  const alone = given.map((node, i) => withEachOnce(node, terms[i], [out, ...terms.toSpliced(i, 1)].flat()));
  return alone.length < 3 ? pair(alone, out) : pair([folded(alone, out), alone[alone.length - 1]], out);
}

/** All but the last of several operands as one, with the letters that are still asked for. */
function folded(operands: readonly Lettered[], out: readonly string[]): Lettered {
  return operands.slice(1, -1).reduce((a, b, i) => {
    const asked = new Set([...out, ...operands.slice(i + 2).flatMap(({ letters }) => letters)]);
    const letters = [...new Set([...a.letters, ...b.letters])].filter((letter) => asked.has(letter));
    return { node: pair([a, b], letters), letters };
  }, operands[0]);
}

/** What an operand is called by: a letter a dimension. */
interface Lettered {
  node: Node;
  letters: readonly string[];
}

/** An operand with each letter once, the sum over those that nobody else asks for. */
function withEachOnce(node: Node, term: readonly string[], asked: readonly string[]): Lettered {
  const twice = term.findIndex((letter, i) => term.indexOf(letter) !== i);
  if (twice >= 0) {
    const first = term.indexOf(term[twice]);
    return withEachOnce(diagonal(node, 0, first, twice), [...term.filter((_, i) => i !== first && i !== twice), term[twice]], asked);
  }
  const alone = term.flatMap((letter, i) => (asked.includes(letter) ? [] : [i]));
  if (alone.length === 0) return { node, letters: term };
  return { node: reduced('sum', node, alone, false), letters: term.filter((_, i) => !alone.includes(i)) };
}

function pair(operands: readonly Lettered[], result: readonly string[]): Node {
  const tensors = operands.map(({ node }) => node);
  const equation = `${operands.map(({ letters }) => letters.join('')).join(',')}->${result.join('')}`;
  const { left, right, out, order } = contraction(
    equation,
    tensors.map(({ shape }) => shape),
  );
  if (tensors.length === 1) return permute(tensors[0], left.order);
  const [a, b] = [
    { node: tensors[0], ...left },
    { node: tensors[1], ...right },
  ].map(({ node, order: dims, shape }) => reshape(permute(node, dims), shape));
  return permute(reshape(matmul(a, b), out), order);
}

/** Products of the last dimensions of all pairs. */
function inner(a: Node, b: Node): Node {
  if (a.shape.length === 0 || b.shape.length === 0) return byElement('mul', a, b);
  const rows = reshape(b, [sizeOf(b.shape.slice(0, -1)), b.shape.at(-1) as number]);
  return reshape(matmul(a, transpose(rows, 0, 1)), [...a.shape.slice(0, -1), ...b.shape.slice(0, -1)]);
}

/** Products of matrices. */
export const PRODUCT_OPS: OpTable = {
  matmul: [['Tensor self, Tensor other', matmul]],
  bmm: [['Tensor self, Tensor mat2', matmul]],
  mm: [['Tensor self, Tensor mat2', matmul]],
  mv: [['Tensor self, Tensor vec', matmul]],
  dot: [['Tensor self, Tensor tensor', matmul]],
  linear: [['Tensor input, Tensor weight, Tensor? bias=None', linear]],
  addmm: [['Tensor self, Tensor mat1, Tensor mat2, float beta=1, float alpha=1', added]],
  baddbmm: [['Tensor self, Tensor batch1, Tensor batch2, float beta=1, float alpha=1', added]],
  einsum: [
    ['str equation, Tensor[] tensors, any path=None', einsum],
    ['Tensor[] tensors, str equation', (tensors: Node[], equation: string) => einsum(equation, tensors)],
  ],
  outer: [['Tensor self, Tensor vec2', (a: Node, b: Node) => byElement('mul', unsqueeze(a, 1), b)]],
  inner: [['Tensor self, Tensor other', (a: Node, b: Node) => inner(a, b)]],
  vdot: [['Tensor self, Tensor other', matmul]],
  addmv: [['Tensor self, Tensor mat, Tensor vec, float beta=1, float alpha=1', added]],
  linalg_multi_dot: [['Tensor[] tensors', (tensors: Node[]) => tensors.reduce(matmul)]],
  chain_matmul: [['Tensor[] matrices', (tensors: Node[]) => tensors.reduce(matmul)]],
  mT: [['Tensor(a) self', (self: Node) => transpose(self, -1, -2)]],
};
