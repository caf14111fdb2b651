import { TraceletError } from '../../base/error.ts';
import { type Shape, sizeOf } from '../../tensor/tensor.ts';

interface Side {
  /** Its dimensions in the order in which they are needed. */
  order: number[];
  shape: number[];
}

/** An einsum as a product of matrices: both operands reordered and reshaped, the product reshaped to `out` and reordered by `order`. */
interface Contraction {
  left: Side;
  right: Side;
  out: number[];
  order: number[];
}

const bad = (equation: string, shapes: readonly Shape[]): TraceletError =>
  new TraceletError('op', {
    what: `einsum "${equation}"`,
    expected: 'a letter for each dimension of the operands, and a result of letters that stand in one of them',
    got: `operands ${shapes.map((shape) => `[${shape}]`).join(', ')}`,
  });

/** Splits `equation` ("bhqd,bhkd->bhqk") for operands of these shapes. Throws `op` errors for what is no product of matrices. */
export function contraction(equation: string, shapes: readonly Shape[]): Contraction {
  const [inputs, stated] = equation.replaceAll(' ', '').split('->');
  const terms = inputs.split(',').map((term) => [...term]);
  const out = [...(stated ?? impliedOf(terms))];
  const sizes = new Map(terms.flatMap((term, i) => term.map((letter, at) => [letter, shapes[i]?.[at]] as const)));
  const fits = terms.every(
    (term, i) => term.length === shapes[i]?.length && new Set(term).size === term.length && /^[a-z]*$/i.test(term.join('')),
  );
  const agree = terms.every((term, i) => term.every((letter, at) => shapes[i][at] === sizes.get(letter)));
  if (!fits || !agree || terms.length !== shapes.length || terms.length > 2) throw bad(equation, shapes);
  const [a, b = []] = terms;
  const batch = out.filter((letter) => a.includes(letter) && b.includes(letter));
  const rows = out.filter((letter) => a.includes(letter) && !b.includes(letter));
  const cols = out.filter((letter) => b.includes(letter) && !a.includes(letter));
  const summed = a.filter((letter) => !out.includes(letter));
  const whole = summed.every((letter) => b.includes(letter)) && b.every((letter) => out.includes(letter) || a.includes(letter));
  if (!whole || new Set(out).size !== out.length || batch.length + rows.length + cols.length !== out.length) throw bad(equation, shapes);
  const shapeOf = (letters: string[]): number[] => letters.map((letter) => sizes.get(letter) as number);
  const [lead, m, n, k] = [batch, rows, cols, summed].map(shapeOf);
  const place = (term: string[], letters: string[]): number[] => letters.map((letter) => term.indexOf(letter));
  const made = [...batch, ...rows, ...cols];
  return {
    left: { order: place(a, [...batch, ...rows, ...summed]), shape: [...lead, sizeOf(m), sizeOf(k)] },
    right: { order: place(b, [...batch, ...summed, ...cols]), shape: [...lead, sizeOf(k), sizeOf(n)] },
    out: [...lead, ...m, ...n],
    order: place(made, out),
  };
}

const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];

/** The letters of each operand and of the result, those of "..." among them. Throws `op` errors for terms that do not fit the operands. */
export function lettersOf(equation: string, shapes: readonly Shape[]): { terms: string[][]; out: string[] } {
  const [inputs, stated] = equation.replaceAll(' ', '').split('->');
  const parts = inputs.split(',');
  if (parts.length !== shapes.length) throw bad(equation, shapes);
  const free = LETTERS.filter((letter) => !equation.includes(letter));
  const counts = parts.map((part, i) => (part.includes('...') ? shapes[i].length - part.length + 3 : 0));
  const most = Math.max(0, ...counts);
  const spelled = (part: string, count: number): string[] => [...part.replace('...', free.slice(most - count, most).join(''))];
  const terms = parts.map((part, i) => spelled(part, counts[i]));
  if (most > free.length || terms.some((term, i) => term.length !== shapes[i].length)) throw bad(equation, shapes);
  return { terms, out: stated === undefined ? [...free.slice(0, most), ...impliedOf(parts.map(named))] : spelled(stated, most) };
}

const named = (part: string): string[] => [...part.replace('...', '')];

/** The letters of a result that is not stated: those that stand once, by the alphabet. */
function impliedOf(terms: readonly string[][]): string[] {
  const all = terms.flat();
  return all.filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter)).sort();
}
