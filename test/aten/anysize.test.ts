import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TraceletError } from '../../src/base/error.ts';
import * as jit from '../../src/jit/index.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { shareOf } from '../setup/depth.ts';
import { COMPARISONS, fits, isRef, OF_TWO, type Pick, pickFrom, REFUSED, type Ref, shuffled } from '../support/anyprogram.ts';
import { byDefinition, type Holds, type Program, Running, whole } from '../support/atenprograms.ts';
import { valuesOf } from '../support/dense.ts';

/** Programs of whole numbers that follow from the sizes of their inputs: one trace answers at any what they are defined as. */

/** The number of texts, of tokens in each, of all tokens, or a number as it is. */
type Size = 'batch' | 'sequence' | 'tokens' | number;
type Sizes = readonly Size[];

interface Value {
  shape: Sizes;
  /** No element is larger: float32 has to hold it. */
  most: number;
  /** Masks choose among other values, and are nothing else. */
  mask?: boolean;
}

interface Step extends Value {
  op: string;
  given: readonly (Ref | readonly Ref[] | { sizes: Sizes } | readonly number[] | number)[];
}

const [IDS, WIDTH, LARGEST] = [11, 4, 1e6];
const BOUNDS = { batch: [1, 4], sequence: [1, 9] } as const;

/** Rows of tokens, ids, a mask and places. */
const FIRST: readonly Value[] = [
  { shape: ['batch', 'sequence', WIDTH], most: 6 },
  { shape: ['batch', 'sequence'], most: IDS },
  { shape: ['batch', 'sequence'], most: 1 },
  { shape: ['sequence'], most: BOUNDS.sequence[1] },
];
/** As many elements as a dimension may have that is summed. */
const MOST_SUMMED = BOUNDS.batch[1] * BOUNDS.sequence[1];

type Maker = (x: Ref, value: Value, pick: Pick, next: Ref) => Step[];

const OF_ANY: readonly Maker[] = [
  (x, { shape, most }, pick) => [{ op: 'add', given: [x, pick(5) - 2], shape, most: most + 2 }],
  (x, { shape, most }, pick) => [{ op: 'mul', given: [x, pick(5) - 2], shape, most: 2 * most }],
  (x, value, pick) => [{ ...value, op: ['neg', 'abs', 'relu'][pick(3)], given: [x] }],
  (x, value, pick) => [{ ...value, op: 'clamp', given: [x, -pick(4), pick(5)] }],
  (x, { shape, most }, pick) => {
    const dim = pick(shape.length + 1);
    return [{ op: 'unsqueeze', given: [x, dim], shape: shape.toSpliced(dim, 0, 1), most }];
  },
];

/** The size of two dimensions as one. */
function joined(a: Size, b: Size): Size | undefined {
  if (a === 1 || b === 1) return a === 1 ? b : a;
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  return a === 'batch' && b === 'sequence' ? 'tokens' : undefined;
}

const parted = (size: Size): Sizes | undefined => (size === 'tokens' ? ['batch', 'sequence'] : size === 4 ? [2, 2] : undefined);

const reshaped = (x: Ref, shape: Sizes, most: number): Step => ({ op: 'reshape', given: [x, { sizes: shape }], shape, most });

const ALONG: readonly Maker[] = [
  (x, { shape, most }, pick) => {
    const order = shuffled(shape.length, pick);
    return [{ op: 'permute', given: [x, order], shape: order.map((dim) => shape[dim]), most }];
  },
  (x, { shape, most }, pick) => {
    const dim = pick(shape.length);
    const size = dim + 1 < shape.length ? joined(shape[dim], shape[dim + 1]) : undefined;
    return size === undefined ? [] : [reshaped(x, shape.toSpliced(dim, 2, size), most)];
  },
  (x, { shape, most }, pick) => {
    const dim = pick(shape.length);
    const sizes = parted(shape[dim]);
    return sizes ? [reshaped(x, shape.toSpliced(dim, 1, ...sizes), most)] : [];
  },
  (x, { shape, most }, pick) => [{ op: 'cumsum', given: [x, pick(shape.length)], shape, most: most * MOST_SUMMED }],
  (x, { shape, most }, pick) => {
    const [dim, keepdim] = [pick(shape.length), pick(2)];
    const kept = keepdim ? shape.with(dim, 1) : shape.toSpliced(dim, 1);
    return [{ op: ['sum', 'amax'][pick(2)], given: [x, [dim], keepdim], shape: kept, most: most * MOST_SUMMED }];
  },
  (x, { shape, most }, pick) => {
    const dim = pick(shape.length);
    const size = shape[dim];
    const begin = typeof size === 'number' ? pick(size) : 0;
    const count = typeof size === 'number' ? 1 + pick(size - begin) : 1;
    return [{ op: 'slice', given: [x, dim, begin, begin + count, 1], shape: shape.with(dim, count), most }];
  },
  (x, { shape, most }, pick) => {
    const sizes = shape.map((size): Size => (size === 1 ? (['batch', 'sequence', 2, 1] as const)[pick(4)] : size));
    return [{ op: 'expand', given: [x, { sizes }], shape: sizes, most }];
  },
  (_, { shape }, pick, next) => {
    const dim = pick(shape.length);
    const along = shape.map((size, i) => (i === dim ? size : 1));
    return [{ op: 'arange', given: [{ sizes: [shape[dim]] }], shape: [shape[dim]], most: MOST_SUMMED }, reshaped(next, along, MOST_SUMMED)];
  },
  (x, { shape, most }, _, next) => {
    if (shape.length < 2) return [];
    const [rows, columns] = shape.slice(-2);
    const lead = shape.slice(0, -2);
    return [
      { op: 'transpose', given: [x, -1, -2], shape: [...lead, columns, rows], most },
      { op: 'matmul', given: [x, next], shape: [...lead, rows, rows], most: most * most * MOST_SUMMED },
    ];
  },
  (x, { shape, most }, pick) => {
    const dim = pick(shape.length);
    const size = shape[dim];
    return typeof size === 'number' ? [{ op: 'cat', given: [[x, x], dim], shape: shape.with(dim, 2 * size), most }] : [];
  },
  (x, value, pick) => [{ ...value, op: 'flip', given: [x, [pick(value.shape.length)]] }],
];

function ofTwo(values: readonly Value[], at: number, pick: Pick): Step[] {
  const x: Ref = { value: at };
  const { shape, most } = values[at];
  const fitting = [...values.keys()].filter((i) => fits(values[i].shape, shape));
  const second = fitting[pick(fitting.length)];
  const y: Ref = { value: second };
  const other = values[second];
  if (!other.mask) {
    const op = OF_TWO[pick(OF_TWO.length)];
    return [{ op, given: [x, y], shape, most: op === 'mul' ? most * other.most : most + other.most, mask: COMPARISONS.has(op) }];
  }
  const others = fitting.filter((i) => !values[i].mask);
  const third = others[pick(others.length)];
  if (pick(2) === 0) return [{ op: 'masked_fill', given: [x, y, pick(3)], shape, most: Math.max(most, 2) }];
  return [{ op: 'where', given: [y, x, { value: third }], shape, most: Math.max(most, values[third].most) }];
}

function stepsOf(values: readonly Value[], pick: Pick): Step[] {
  const numbers = [...values.keys()].filter((i) => !values[i].mask);
  const at = pick(2) === 0 ? (numbers.at(-1) as number) : numbers[pick(numbers.length)];
  if (pick(3) === 0) return ofTwo(values, at, pick);
  const makers = pick(3) > 0 && values[at].shape.length > 0 ? ALONG : OF_ANY;
  return makers[pick(makers.length)]({ value: at }, values[at], pick, { value: values.length });
}

const sizeAt = (size: Size, batch: number, sequence: number): number =>
  typeof size === 'number' ? size : { batch, sequence, tokens: batch * sequence }[size];

const isSizes = (given: unknown): given is { sizes: Sizes } => typeof given === 'object' && given !== null && 'sizes' in given;

/** Steps that follow from `pick`, of few elements and dimensions. */
function stepsFrom(pick: Pick): Step[] {
  const steps: Step[] = [];
  const elements = ({ shape }: Step): number => shape.reduce<number>((all, size) => all * sizeAt(size, 4, 9), 1);
  for (let tries = 0; tries < 9; tries++)
    for (const step of stepsOf([...FIRST, ...steps], pick)) {
      if (step.most > LARGEST || step.shape.length > 5 || elements(step) > 4000) break;
      steps.push(step);
    }
  return steps;
}

/** The last value of the steps that is no mask, and what follows from inputs alone. */
function programOf(steps: readonly Step[]): Program {
  const last = [...FIRST, ...steps].findLastIndex(({ mask }) => !mask);
  return (call, { ids, attention_mask, table }) => {
    const [batch, sequence] = [0, 1].map((dim) => call('size', ids, dim) as number);
    const values = [call('embedding', table, ids), ids, attention_mask, call('arange', sequence)];
    const resolved = (given: unknown): unknown => {
      if (isSizes(given)) return given.sizes.map((size) => sizeAt(size, batch, sequence));
      return isRef(given) ? values[given.value] : Array.isArray(given) ? given.map(resolved) : given;
    };
    for (const { op, given } of steps) {
      const [first, ...rest] = given.map(resolved);
      values.push(call(op, op === 'arange' ? (first as number[])[0] : first, ...rest));
    }
    return call('add', call('mul', values[last], 1), call('mul', call('sum', values[0]), 0));
  };
}

function holdsAt(batch: number, sequence: number): Holds {
  const ids = Array.from({ length: batch * sequence }, (_, i) => (i * 7 + 3) % IDS);
  const mask = ids.map((_, i) => Number(i % sequence <= (5 * Math.floor(i / sequence) + sequence - 1) % sequence));
  const table = Float32Array.from({ length: IDS * WIDTH }, (_, i) => ((i * 5) % 13) - 6);
  return {
    inputs: { ids: whole([batch, sequence], ids), attention_mask: whole([batch, sequence], mask) },
    weights: { table: new Tensor('float32', [IDS, WIDTH], table) },
  };
}

/** A trace for any size, undefined for what is refused in words: what depends on sizes in a way that no trace holds. */
async function tracedFrom(program: Program, formulates: boolean): Promise<((...inputs: Tensor[]) => Tensor) | undefined> {
  const holds = holdsAt(2, 5);
  const running = new Running(program, holds);
  running.formulates = formulates;
  Object.defineProperty(running, 'input_names', { value: Object.keys(holds.inputs), enumerable: false });
  try {
    const options = { dynamic: BOUNDS, exact_padding: true };
    return (await jit.trace(running as never, Object.values(holds.inputs) as never, options as never)) as never;
  } catch (error) {
    if (error instanceof TraceletError) return undefined;
    throw error;
  }
}

function expectRight(traced: (...inputs: Tensor[]) => Tensor, program: Program, [batch, sequence]: readonly [number, number]): void {
  const holds = holdsAt(batch, sequence);
  const meant = byDefinition(program, holds);
  try {
    const [answer] = [traced(...Object.values(holds.inputs))].flat();
    expect(answer.shape).toEqual([...meant.shape]);
    expect(Array.from(answer.data as Float32Array, (value) => value + 0)).toEqual(valuesOf(meant).map((value) => value + 0));
  } catch (error) {
    if (!REFUSED.test((error as Error).message)) throw error;
  }
}

const AT = [
  [1, 1],
  [4, 1],
  [1, 9],
  [3, 7],
  [2, 5],
] as const;

test('a trace of any ops for any size answers what they are defined as, or is refused', async () => {
  let refused = 0;
  const count = shareOf(160);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(9999), { minLength: 80, maxLength: 80 }), fc.boolean(), async (numbers, formulates) => {
      const steps = stepsFrom(pickFrom(numbers));
      const program = programOf(steps);
      try {
        const traced = await tracedFrom(program, formulates);
        if (!traced) refused++;
        else for (const sizes of AT) expectRight(traced, program, sizes);
      } catch (cause) {
        throw new Error(JSON.stringify({ formulates, steps: steps.map(({ op, given }) => [op, ...given]) }), { cause });
      }
    }),
    { numRuns: count },
  );
  expect(refused).toBeLessThan(count / 3);
});
