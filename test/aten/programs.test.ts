import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jit, type Tensor } from '../../src/index.ts';
import { shareOf } from '../setup/depth.ts';
import { COMPARISONS, fits, isRef, OF_TWO, type Pick, pickFrom, REFUSED, type Ref, shuffled } from '../support/anyprogram.ts';
import { byDefinition, type Holds, type Program, Running, whole } from '../support/atenprograms.ts';
import { type Dense, denseOf, type Given, OPS, valuesOf } from '../support/dense.ts';

/** Programs of whole numbers that float32 holds: what they answer is what their ops are defined as, to the bit. */

type Step = [op: string, ...given: (Ref | number | number[] | Ref[])[]];

interface Value {
  dense: Dense;
  /** Masks choose among other values, and are nothing else. */
  mask: boolean;
}

/** The number that PyTorch has for a dtype. */
const INT64 = 4;

const [MOST_ELEMENTS, MOST_DIMENSIONS, LARGEST] = [400, 7, 1e5];

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** The prime factors of a size, in other groups, with ones among them. */
function regrouped(size: number, pick: Pick): number[] {
  const out: number[] = [];
  for (let [rest, factor] = [size, 2]; rest > 1; ) {
    if (rest % factor) factor++;
    else {
      rest /= factor;
      if (out.length > 0 && pick(2) === 0) out[out.length - 1] *= factor;
      else out.push(factor);
      if (pick(4) === 0) out.push(1);
    }
  }
  return out;
}

type Shaped = (shape: readonly number[], pick: Pick) => [op: string, ...given: (number | number[])[]];

const OF_ANY: readonly Shaped[] = [
  (shape, pick) => ['reshape', regrouped(sizeOf(shape), pick)],
  (shape, pick) => ['permute', shuffled(shape.length, pick)],
  (shape, pick) => ['expand', [...(pick(3) === 0 ? [2] : []), ...shape.map((size) => (size === 1 && pick(2) === 0 ? 2 + pick(3) : size))]],
  (shape, pick) => ['unsqueeze', pick(shape.length + 1)],
  () => ['squeeze'],
  () => ['neg'],
  () => ['abs'],
  (_, pick) => ['add', pick(9) - 4],
  (_, pick) => ['mul', pick(7) - 3],
  (_, pick) => ['remainder', 1 + pick(7)],
  (_, pick) => ['floor_divide', 1 + pick(7)],
  (_, pick) => ['clamp', pick(9) - 6, pick(9) + 3],
];

const ALONG: readonly Shaped[] = [
  (shape, pick) => {
    const dim = pick(shape.length);
    const begin = pick(shape[dim]);
    return ['slice', dim, begin, begin + 1 + pick(shape[dim] - begin), 1 + pick(2)];
  },
  (shape, pick) => ['flip', [pick(shape.length)]],
  (shape, pick) => ['cumsum', pick(shape.length)],
  (shape, pick) => ['sum', [pick(shape.length)], pick(2)],
  (shape, pick) => ['amax', [pick(shape.length)], pick(2)],
  (shape, pick) => ['transpose', pick(shape.length), pick(shape.length)],
  (shape, pick) => ['repeat', shape.map(() => 1 + pick(2))],
];

/** An op, behind what makes its operands. */
function stepsOf(values: readonly Value[], pick: Pick): Step[] {
  const numbers = [...values.keys()].filter((i) => !values[i].mask);
  const at = pick(2) === 0 ? (numbers.at(-1) as number) : numbers[pick(numbers.length)];
  const { shape } = values[at].dense;
  const [x, made]: Ref[] = [{ value: at }, { value: values.length }];
  if (pick(3) > 0) {
    const ops = pick(3) === 0 && shape.length > 0 ? ALONG : OF_ANY;
    const [op, ...given] = ops[pick(ops.length)](shape, pick);
    return [[op, x, ...given]];
  }
  if (pick(6) === 0 && shape.length > 1)
    return [
      ['transpose', x, -1, -2],
      ['matmul', x, made],
    ];
  const fitting = [...values.keys()].filter((i) => fits(values[i].dense.shape, shape));
  const second = fitting[pick(fitting.length)];
  const y: Ref = { value: second };
  if (values[second].mask) {
    const others = numbers.filter((i) => fitting.includes(i));
    return [pick(2) === 0 ? ['masked_fill', x, y, pick(3)] : ['where', y, x, { value: others[pick(others.length)] }]];
  }
  const equal = shape.length > 0 && `${shape}` === `${values[second].dense.shape}`;
  if (!equal || pick(2) === 0) return [[OF_TWO[pick(OF_TWO.length)], x, y]];
  const dim = pick(shape.length);
  if (pick(2) === 0) return [['cat', [x, y], dim]];
  return [
    ['remainder', y, shape[dim]],
    ['to', made, INT64],
    ['gather', x, dim, { value: made.value + 1 }],
  ];
}

type Resolve<T> = (ref: Ref) => T;
const resolved = <T>([, ...given]: Step, of: Resolve<T>): unknown[] =>
  given.map((each) => (isRef(each) ? of(each) : Array.isArray(each) ? each.map((one) => (isRef(one) ? of(one) : one)) : each));

/** Steps that follow from `pick`, behind a value that a program is given and one that follows from sizes. */
function stepsFrom(first: readonly Dense[], pick: Pick): Step[] {
  const values: Value[] = first.map((dense) => ({ dense, mask: false }));
  const steps: Step[] = [];
  for (let tries = 0; tries < 14; tries++)
    for (const step of stepsOf(values, pick)) {
      const dense = OPS[step[0]](...(resolved(step, ({ value }) => values[value].dense) as Given[]));
      const within = valuesOf(dense).every((value) => Math.abs(value) <= LARGEST);
      if (!within || sizeOf(dense.shape) > MOST_ELEMENTS || dense.shape.length > MOST_DIMENSIONS) break;
      values.push({ dense, mask: COMPARISONS.has(step[0]) });
      steps.push(step);
    }
  return steps;
}

/** All values of the steps in one row, so that each of them is looked at. */
function programOf(shape: readonly number[], steps: readonly Step[]): Program {
  return (call, { x }) => {
    const values = [x, call('reshape', call('arange', sizeOf(shape)), shape)];
    for (const step of steps) values.push(call(step[0], ...resolved(step, ({ value }) => values[value])));
    return call(
      'cat',
      values.map((value) => call('reshape', call('add', call('mul', value, 1), call('mul', call('sum', x), 0)), [-1])),
      0,
    );
  };
}

const answerOf = ({ data }: Tensor): number[] => Array.from(data as Float32Array, (value) => value + 0);

test('programs of any ops answer what these are defined as, as they are and traced', async () => {
  const shapes = fc.array(fc.constantFrom(1, 1, 2, 3, 4), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(shapes, fc.array(fc.nat(9999), { minLength: 60, maxLength: 60 }), async (shape, numbers) => {
      const pick = pickFrom(numbers);
      const elements = Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7) % 11) - 3);
      const counted = denseOf(shape, [...elements.keys()]);
      const steps = stepsFrom([denseOf(shape, elements), counted], pick);
      const x = whole(shape, elements);
      const holds: Holds = { inputs: { x: pick(2) === 0 ? x : x.to('float32') }, weights: {} };
      const program = programOf(shape, steps);
      const want = valuesOf(byDefinition(program, holds)).map((value) => value + 0);
      const running = new Running(program, holds);
      try {
        expect(answerOf(running.forward(holds.inputs.x))).toEqual(want);
        const traced = (await jit.trace(running as never, [holds.inputs.x] as never)) as unknown as (x: Tensor) => Tensor;
        expect(answerOf(traced(holds.inputs.x))).toEqual(want);
      } catch (cause) {
        if (REFUSED.test((cause as Error).message)) return;
        throw new Error(JSON.stringify({ shape, steps }), { cause });
      }
    }),
    { numRuns: shareOf(160) },
  );
});
