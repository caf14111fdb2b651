import { TraceletError } from '../../base/error.ts';
import { TEXT } from '../../base/schema.ts';
import { type Operand, readArguments, TENSOR, TENSORS } from '../../tensor/arguments.ts';
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { apply } from '../executor.ts';
import { permuted } from '../views.ts';
import { sum } from './reductions.ts';

type Floats = Tensor<'float32'>;

/** A tensor whose dimensions have letters. */
interface Lettered {
  tensor: Tensor;
  letters: readonly string[];
}

const refused = (equation: string, expected: string, got: string): TraceletError =>
  new TraceletError('value', { what: `F.einsum: '${equation}'`, expected, got });

/** Stands for dimensions that an ellipsis leaves unnamed, by how far from the last of them each is. */
const unnamed = (count: number): string[] => Array.from({ length: count }, (_, i) => `.${count - i}`);

/** The letters of one term, those of an ellipsis filled in for `rank` dimensions. */
function lettersOf(term: string, rank: number, equation: string): string[] {
  const [before, behind, ...more] = term.split('...');
  const named = [...before, ...(behind ?? '')];
  const fits = more.length === 0 && named.every((letter) => /[a-zA-Z]/.test(letter)) && new Set(named).size === named.length;
  if (!fits) throw refused(equation, 'letters, each once in a term, and at most one "..."', term);
  if (behind === undefined ? named.length !== rank : named.length > rank)
    throw refused(equation, `${rank} dimensions in ${term}`, `${named.length}`);
  return behind === undefined ? named : [...before, ...unnamed(rank - named.length), ...behind];
}

/** What an equation says: the letters of each operand, and of the result. */
function parse(equation: string, tensors: readonly Tensor[]): { operands: Lettered[]; result: readonly string[] } {
  const [left, right, ...more] = equation.replaceAll(' ', '').split('->');
  const terms = left.split(',');
  if (more.length > 0 || terms.length !== tensors.length || tensors.length === 0)
    throw refused(equation, `a term for each of ${tensors.length} tensors, and at most one ->`, `${terms.length} terms`);
  const operands = tensors.map((tensor, i) => ({ tensor, letters: lettersOf(terms[i], tensor.shape.length, equation) }));
  const every = operands.flatMap(({ letters }) => letters);
  const widest = unnamed(Math.max(0, ...operands.map(({ letters }) => letters.filter(isUnnamed).length)));
  const once = every.filter((letter) => !isUnnamed(letter) && every.indexOf(letter) === every.lastIndexOf(letter)).sort();
  const result =
    right === undefined
      ? [...widest, ...once]
      : lettersOf(right, right.replace('...', '').length + (right.includes('...') ? widest.length : 0), equation);
  const unknown = result.find((letter) => !every.includes(letter));
  if (unknown) throw refused(equation, 'a result of letters that an operand has', unknown);
  checkSizes(operands, equation);
  return { operands, result };
}

const isUnnamed = (letter: string): boolean => letter.startsWith('.');

function checkSizes(operands: readonly Lettered[], equation: string): void {
  const sizes = new Map<string, number>();
  for (const { tensor, letters } of operands)
    for (const [i, letter] of letters.entries()) {
      const known = sizes.get(letter) ?? tensor.shape[i];
      if (known !== tensor.shape[i])
        throw new TraceletError('shape', {
          what: `F.einsum: '${equation}'`,
          expected: `${known} for ${letter}`,
          got: `${tensor.shape[i]}`,
        });
      sizes.set(letter, known);
    }
}

/** The dimensions in the order of `letters`. */
function ordered({ tensor, letters }: Lettered, order: readonly string[]): Tensor {
  const dims = order.map((letter) => letters.indexOf(letter));
  return dims.every((dim, i) => dim === i) ? tensor : permuted(tensor, dims);
}

/** Without the dimensions of letters that nothing asks for any more, which are summed. */
function summed({ tensor, letters }: Lettered, wanted: readonly string[]): Lettered {
  const dims = letters.flatMap((letter, i) => (wanted.includes(letter) ? [] : [i]));
  return dims.length === 0
    ? { tensor, letters }
    : { tensor: sum(tensor, dims), letters: letters.filter((letter) => wanted.includes(letter)) };
}

/** Products of two, summed over letters that only they have: products of matrices, one for each of the letters that both have and the result. */
function contracted(a: Lettered, b: Lettered, wanted: readonly string[]): Lettered {
  const [left, right] = [summed(a, [...wanted, ...b.letters]), summed(b, [...wanted, ...a.letters])];
  const both = left.letters.filter((letter) => right.letters.includes(letter));
  const [batch, inner] = [both.filter((letter) => wanted.includes(letter)), both.filter((letter) => !wanted.includes(letter))];
  const [rows, cols] = [left, right].map(({ letters }) => letters.filter((letter) => !both.includes(letter)));
  const sizesOf = ({ tensor, letters }: Lettered, of: readonly string[]) => of.map((letter) => tensor.shape[letters.indexOf(letter)]);
  const outer = sizesOf(left, batch);
  const [m, k, n] = [sizesOf(left, rows), sizesOf(left, inner), sizesOf(right, cols)];
  const product = apply('matmul', {
    a: ordered(left, [...batch, ...rows, ...inner]).reshape([sizeOf(outer), sizeOf(m), sizeOf(k)]),
    b: ordered(right, [...batch, ...inner, ...cols]).reshape([sizeOf(outer), sizeOf(k), sizeOf(n)]),
  });
  return { tensor: product.reshape([...outer, ...m, ...n]), letters: [...batch, ...rows, ...cols] };
}

/**
 * Sums of products by an equation: `F.einsum('bhqd,bhkd->bhqk', q, k)` names the dimensions of each operand and of the result, and sums over letters that
 * the result lacks. "..." stands for dimensions without names; without "->" the result has the letters that stand once, in alphabetic order. No letter stands
 * twice in a term. As `torch.einsum`.
 */
export function einsum(equation: string, ...operands: readonly Operand[] | readonly [readonly Operand[]]): Floats {
  const isList = operands.length === 1 && Array.isArray(operands[0]) && operands[0].every((each) => TENSOR.read(each)?.ndim);
  const given = isList ? operands[0] : operands;
  const [known, tensors] = readArguments('F.einsum', [equation, given], { equation: TEXT, operands: TENSORS }) as [string, Tensor[]];
  const { operands: lettered, result } = parse(known, tensors);
  const [first, ...others] = lettered;
  const all = others.reduce((product, next, i) => {
    const later = others.slice(i + 1).flatMap(({ letters }) => letters);
    return contracted(product, next, [...result, ...later]);
  }, first);
  return ordered(summed(all, result), result).operand('float32', 'F.einsum');
}
