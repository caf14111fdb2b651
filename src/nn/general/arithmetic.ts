import { NUMBER } from '../../base/options.ts';
import { oneOf } from '../../base/schema.ts';
import { broadcastShape } from '../../ops/broadcast.ts';
import { FUNCTIONS } from '../../ops/functionnames.ts';
import { isRepeated } from '../../ops/shapes.ts';
import { named, type Operand, optional, TENSOR, taking } from '../../tensor/arguments.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../executor.ts';
import { commonShape } from './axes.ts';

/** Ops of floats, element by element. Shapes that differ are repeated along dimensions of 1, and of whole numbers floats are made. */

type Floats = Tensor<'float32'>;
const INPUT = { input: TENSOR };
const PAIR = { ...INPUT, other: TENSOR };

function binary(of: string, a: Tensor, b: Tensor): Floats {
  commonShape(of, a.shape, b.shape);
  return apply('binary', { a, b }, { function: FUNCTIONS[of] });
}

const unaryOf = (of: string, x: Tensor): Floats => apply('unary', { x }, { function: FUNCTIONS[of] });

/** An op for which the order of operands does not matter: by a kernel of its own where the shape of one ends that of the other. */
function commuting(op: string, a: Tensor, b: Tensor): Floats {
  const [first, second] = a.shape.length < b.shape.length ? [b, a] : [a, b];
  const known = isRepeated(first.shape, second.shape) || !broadcastShape([first.shape, second.shape]);
  return known ? apply(op, { a: first, b: second }) : binary(op, first, second);
}

const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : apply('scale', { x }, { factor }));

type Sum = (input: Operand, other: Operand, options?: { alpha?: number }) => Floats;
const WEIGHED = { ...PAIR, alpha: named(NUMBER) };

/** a + alpha · b, of shapes that are repeated to one; alpha is 1 unless given. As `torch.add`. */
export const add = taking<Sum>('F.add', WEIGHED, (a: Tensor, b: Tensor, alpha = 1) => commuting('add', a, scaled(b, alpha)));

/** a - alpha · b, of shapes that are repeated to one; alpha is 1 unless given. As `torch.sub`. */
export const sub = taking<Sum>('F.sub', WEIGHED, (a: Tensor, b: Tensor, alpha = 1) => commuting('add', a, scaled(b, -alpha)));

type Pairwise = (input: Operand, other: Operand) => Floats;
const pairwise = (name: string): Pairwise => taking<Pairwise>(`F.${name}`, PAIR, (a: Tensor, b: Tensor) => binary(name, a, b));

/** a · b by element, of shapes that are repeated to one. As `torch.mul`. */
export const mul: Pairwise = taking<Pairwise>('F.mul', PAIR, (a: Tensor, b: Tensor) => commuting('mul', a, b));

type RoundingMode = 'floor' | 'trunc';
type Divide = (input: Operand, other: Operand, options?: { rounding_mode?: RoundingMode | null }) => Floats;

/** a / b by element, of shapes that are repeated to one; with `rounding_mode` rounded down ('floor') or towards 0 ('trunc'). As `torch.div`. */
export const div = taking<Divide>(
  'F.div',
  { ...PAIR, rounding_mode: named(oneOf<RoundingMode>(['floor', 'trunc'])) },
  (a: Tensor, b: Tensor, rounding?: RoundingMode) => {
    if (rounding === 'floor') return binary('floor_divide', a, b);
    const quotient = binary('div', a, b);
    return rounding === 'trunc' ? unaryOf('trunc', quotient) : quotient;
  },
);

/** a / b rounded down, by element, of shapes that are repeated to one. As `torch.floor_divide`. */
export const floor_divide: Pairwise = pairwise('floor_divide');

/** a - ⌊a / b⌋ · b by element, which has the sign of b, of shapes that are repeated to one. As `torch.remainder`. */
export const remainder: Pairwise = pairwise('remainder');

/** The smaller of a and b by element, of shapes that are repeated to one; NaN where one is. As `torch.minimum`. */
export const minimum: Pairwise = pairwise('minimum');

/** The larger of a and b by element, of shapes that are repeated to one; NaN where one is. As `torch.maximum`. */
export const maximum: Pairwise = pairwise('maximum');

/** Powers that a few products or a root make. */
const POWERS: Readonly<Record<number, (x: Tensor) => Floats>> = {
  1: (x) => x.operand('float32', 'F.pow: input'),
  2: (x) => mul(x, x),
  3: (x) => mul(mul(x, x), x),
  0.5: (x) => sqrt(x),
  [-0.5]: (x) => rsqrt(x),
  [-1]: (x) => div(1, x),
};

/** a to the power b by element, of shapes that are repeated to one; NaN for a below 0 and b not whole. As `torch.pow`. */
export const pow = taking<(input: Operand, exponent: Operand) => Floats>(
  'F.pow',
  { ...INPUT, exponent: TENSOR },
  (x: Tensor, exponent: Tensor) => {
    const known = exponent.shape.length === 0 && !exponent.recorded ? POWERS[exponent.item()] : undefined;
    return known ? known(x) : binary('pow', x, exponent);
  },
);

/** Each element no less than `min` and no more than `max`, numbers or tensors whose shapes are repeated. As `torch.clamp`. */
export const clamp = taking<(input: Operand, min?: Operand | null, max?: Operand | null) => Floats>(
  'F.clamp',
  { ...INPUT, min: optional(TENSOR), max: optional(TENSOR) },
  (x: Tensor, min?: Tensor, max?: Tensor) => {
    const above = min ? maximum(x, min) : x;
    return max ? minimum(above, max) : above.operand('float32', 'F.clamp: input');
  },
);

type Unary = (input: Operand) => Floats;
const unary = (name: string): Unary => taking<Unary>(`F.${name}`, INPUT, (x: Tensor) => unaryOf(name, x));

/** -x of each element. As `torch.neg`. */
export const neg: Unary = taking<Unary>('F.neg', INPUT, (x: Tensor) => scaled(x, -1) as Floats);

/** The magnitude of each element. As `torch.abs`. */
export const abs: Unary = unary('abs');

/** e to the power of each element; 0 below 2⁻¹²⁶. As `torch.exp`. */
export const exp: Unary = unary('exp');

/** The natural logarithm of each element: -∞ of 0, NaN below it. As `torch.log`. */
export const log: Unary = unary('log');

/** The square root of each element: NaN below 0. As `torch.sqrt`. */
export const sqrt: Unary = unary('sqrt');

/** 1 / √x of each element. As `torch.rsqrt`. */
export const rsqrt: Unary = unary('rsqrt');

/** 1 / x of each element. As `torch.reciprocal`. */
export const reciprocal: Unary = taking<Unary>('F.reciprocal', INPUT, (x: Tensor) => div(1, x));

/** x · x of each element. As `torch.square`. */
export const square: Unary = taking<Unary>('F.square', INPUT, (x: Tensor) => mul(x, x));

/** The error function of each element. As `torch.erf`. */
export const erf: Unary = unary('erf');

/** The sine of each element, an angle in radians. As `torch.sin`. */
export const sin: Unary = unary('sin');

/** The cosine of each element, an angle in radians. As `torch.cos`. */
export const cos: Unary = unary('cos');

/** Each element rounded down. As `torch.floor`. */
export const floor: Unary = unary('floor');

/** Each element rounded up. As `torch.ceil`. */
export const ceil: Unary = unary('ceil');

/** Each element rounded to the nearest whole number, to the even one of two. As `torch.round`. */
export const round: Unary = unary('round');

/** Each element rounded towards 0. As `torch.trunc`. */
export const trunc: Unary = unary('trunc');

/** -1, 0 or 1 by the sign of each element. As `torch.sign`. */
export const sign: Unary = unary('sign');
