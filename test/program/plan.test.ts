import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { F, jit, type Tensor, TraceletError, withKernels } from '../../src/index.ts';
import { record } from '../../src/jit/record.ts';
import { encode } from '../../src/program/encode.ts';
import { bytesOf } from '../../src/program/layout.ts';
import { type Access, checkPlan, type Step } from '../../src/program/lifetimes.ts';
import type { Program } from '../../src/program/program.ts';
import { type Instruction, prove, storageIndex } from '../../src/program/prove.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import { Computed, expectSameBits, floats } from '../support/tiny.ts';

const SHAPE = [1, 3, 8];
const parameter = (shape: number[], seed: number): Parameter =>
  new Parameter(shape, (values) => values.set(floats(shape, seed).data as Float32Array));
const [weight, bias, square] = [parameter([8], 1), parameter([8], 2), parameter([8, 8], 3)];

const STEPS: ((a: Tensor, b: Tensor, c: Tensor) => Tensor)[] = [
  (a) => F.relu(a),
  (a) => F.gelu(a),
  (a, b) => F.add(a, b),
  (a, b) => F.mul(a, b),
  (a) => F.scale(a, 0.5),
  (a) => F.softmax(a),
  (a) => F.layer_norm(a, weight, bias),
  (a) => F.linear(a, square, bias),
  (a, b, c) => F.attention(a, b, c, { heads: 2 }),
  (a, b) => F.slice(F.cat([a, b], 2), 2, 4, 12),
  (a) => F.tanh(a.reshape([3, 8])).reshape(SHAPE),
  (a) => F.transpose(F.relu(F.transpose(a, 1, 2)), 1, 2),
];

interface Made {
  steps: { step: number; from: [number, number, number] }[];
  outputs: number[];
}

const INPUTS = 2;
const dags: fc.Arbitrary<Made> = fc.record({
  steps: fc.array(fc.record({ step: fc.nat(STEPS.length - 1), from: fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)) }), {
    minLength: 1,
    maxLength: 14,
  }),
  outputs: fc.array(fc.nat(99), { minLength: 1, maxLength: 3 }),
});

function modelOf({ steps, outputs }: Made): Computed {
  return new Computed((...inputs) => {
    const pool = [...inputs];
    const pick = (i: number): Tensor => pool[pool.length - 1 - (i % Math.min(pool.length, 5))];
    for (const { step, from } of steps) pool.push(STEPS[step](pick(from[0]), pick(from[1]), pick(from[2])));
    return outputs.map((i) => pool[i % pool.length]);
  });
}

const inputs = Array.from({ length: INPUTS }, (_, seed) => floats(SHAPE, seed));

function programOf(made: Made): Program {
  const model = modelOf(made);
  const signature = inputs.map(({ dtype, shape }, i) => ({ name: `in${i}`, dtype, shape }));
  const { graph, structure } = record(model, signature, (tensors) => model(...tensors));
  return encode(graph, structure).program;
}

/** Bytes that are alive together after some instruction, whatever the plan. */
function peakOf({ values, inputs, hostValues, outputs }: Program, instructions: readonly Instruction[]): number {
  const given = [...inputs, ...hostValues];
  const born = new Map(given.map(({ value }) => [value, 0]));
  const dies = new Map<number, number>();
  instructions.forEach(({ out, operands }, i) => {
    born.set(out, i + 1);
    for (const operand of Object.values(operands)) if (operand !== null) dies.set(storageIndex(values, operand), i);
  });
  for (const { value } of outputs) dies.set(storageIndex(values, value), Number.POSITIVE_INFINITY);
  const at = (i: number): number =>
    [...born]
      .filter(([value, from]) => from <= i && (dies.get(value) ?? -1) >= i)
      .reduce((sum, [value]) => sum + bytesOf(values[value]), 0);
  return Math.max(...instructions.map((_, i) => at(i + 1)));
}

/** Whether some instruction reads what another wrote over, by following each word of the arena. */
function collides({ values, inputs, hostValues, outputs, arena }: Program, instructions: readonly Instruction[]): boolean {
  const given = [...inputs, ...hostValues];
  const words = new Int32Array(arena / 4).fill(-1);
  const placeOf = (value: number) => {
    const storage = storageIndex(values, value);
    const { place } = values[storage];
    return 'arena' in place ? { storage, begin: place.arena / 4, end: (place.arena + bytesOf(values[storage])) / 4 } : undefined;
  };
  const whole = (value: number): boolean => {
    const place = placeOf(value);
    return !place || words.subarray(place.begin, place.end).every((owner) => owner === place.storage);
  };
  const write = (value: number): void => {
    const place = placeOf(value);
    if (place) words.fill(place.storage, place.begin, place.end);
  };
  for (const { value } of given) write(value);
  if (!given.every(({ value }) => whole(value))) return true;
  for (const { out, operands, call, scratch } of instructions) {
    const read = Object.entries(operands).filter(
      (entry): entry is [string, number] => entry[1] !== null && placeOf(entry[1]) !== undefined,
    );
    if (!read.every(([, value]) => whole(value))) return true;
    const target = placeOf(out) as { begin: number; end: number };
    for (const [name, value] of read) {
      const { begin, end } = placeOf(value) as { begin: number; end: number };
      const apart = target.end <= begin || end <= target.begin;
      if (!apart && !(name === call.row.inPlace && begin === target.begin && end === target.end)) return true;
    }
    write(out);
    if (call.scratch) words.fill(-2, scratch / 4, (scratch + call.scratch) / 4);
    if (!whole(out)) return true;
    if (
      call.scratch &&
      read.some(([, value]) =>
        ((place) => place && place.begin * 4 < scratch + (call.scratch as number) && scratch < place.end * 4)(placeOf(value)),
      )
    )
      return true;
  }
  return !outputs.every(({ value }) => whole(value));
}

const isSound = (program: Program): boolean => {
  try {
    prove(program);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'format' });
    return false;
  }
};

describe('plans of random graphs', () => {
  test('are proved by the checker, and no smaller than what is alive at once', () => {
    fc.assert(
      fc.property(dags, (made) => {
        const program = programOf(made);
        const { instructions } = prove(program);
        expect(collides(program, instructions)).toBe(false);
        expect(program.arena).toBeGreaterThanOrEqual(peakOf(program, instructions));
        const all = [
          ...new Set([...[...program.inputs, ...program.hostValues].map(({ value }) => value), ...instructions.map(({ out }) => out)]),
        ];
        const apart = all.reduce((sum, value) => sum + Math.ceil(bytesOf(program.values[value]) / 64) * 64, 0);
        const scratch = instructions.reduce((sum, { call }) => sum + Math.ceil((call.scratch ?? 0) / 64) * 64, 0);
        expect(program.arena).toBeLessThanOrEqual(apart + scratch);
      }),
      { numRuns: 300 },
    );
  });

  test('with one value moved are refused if, and only if, something is overwritten', () => {
    let [refused, sound] = [0, 0];
    const moves = fc.record({ made: dags, value: fc.nat(99), to: fc.nat(999) });
    fc.assert(
      fc.property(moves, ({ made, value, to }) => {
        const program = programOf(made);
        const { instructions } = prove(program);
        const planned = program.values.filter(({ place }) => 'arena' in place);
        const moved = planned[value % planned.length];
        const slots = Math.floor((program.arena - bytesOf(moved)) / 16) + 1;
        moved.place = { arena: (to % slots) * 16 };
        const expected = !collides(program, instructions);
        expect(isSound(program)).toBe(expected);
        if (expected) sound++;
        else refused++;
      }),
      { numRuns: 1000 },
    );
    expect(Math.min(refused, sound)).toBeGreaterThan(50);
  });

  test('run traced as eagerly, bit for bit, fused or not', async () => {
    await fc.assert(
      fc.asyncProperty(dags, fc.boolean(), async (made, fusion) => {
        const model = modelOf(made);
        const traced = await jit.trace(model, inputs, { fusion, kernels: 'baseline', check_trace: false });
        expectSameBits(
          traced(...inputs),
          withKernels('baseline', () => model(...inputs)),
        );
      }),
      { numRuns: 120 },
    );
  });
});

describe('in place', () => {
  const offsets = (body: (t: Tensor) => Tensor | Tensor[]): number[] => {
    const model = new Computed(body);
    const { graph, structure } = record(model, [{ name: 'x', dtype: 'float32', shape: [64] }], ([t]) => model(t));
    const { program } = encode(graph, structure);
    return prove(program).instructions.map(({ out }) => (program.values[out].place as { arena: number }).arena);
  };

  test('where nothing reads the operand afterwards', () => {
    const [first, second] = offsets((t) => F.tanh(F.relu(t)));
    expect(second).toBe(first);
  });

  test('through views', () => {
    const [first, second] = offsets((t) => F.tanh(F.relu(t).reshape([8, 8])));
    expect(second).toBe(first);
  });

  test.each<[string, (t: Tensor) => Tensor | Tensor[]]>([
    ['a later reader', (t) => ((y) => F.add(F.tanh(y), y))(F.relu(t))],
    ['an output', (t) => ((y) => [F.tanh(y), y])(F.relu(t))],
    ['a view that is an output', (t) => ((y) => [F.tanh(y), y.reshape([8, 8])])(F.relu(t))],
    ['the other operand of the same op', (t) => ((y) => F.add(y, y))(F.relu(t))],
  ])('not over %s', (_, body) => {
    const [first, second] = offsets(body);
    expect(second).not.toBe(first);
  });

  test('never over an input', () => {
    const model = new Computed((t) => F.relu(t));
    const { graph, structure } = record(model, [{ name: 'x', dtype: 'float32', shape: [64] }], ([t]) => model(t));
    const { program } = encode(graph, structure);
    expect(program.arena).toBe(512);
  });
});

describe('checkPlan', () => {
  const at = (name: string, offset: number, value?: number, bytes = 64): Access => ({ name, offset, bytes, value });
  const step = (reads: Access[], writes: Access[], inPlace?: Access): Step => ({ reads, writes, inPlace });

  test.each<[string, () => void, RegExp | null]>([
    ['nothing', () => checkPlan([], [], [], 0), null],
    [
      'a value past the arena',
      () => checkPlan([step([], [at('out', 64, 0)])], [], [], 127),
      /instruction 0: out: expected 16-aligned bytes within/,
    ],
    ['an offset that is no number', () => checkPlan([step([], [at('out', Number.NaN, 0)])], [], [], 128), /NaN/],
    [
      'part of an older value left',
      () => checkPlan([step([], [at('b', 32, 1)])], [at('a', 0, 0)], [at('a', 0, 0)], 128),
      /output: a: expected a value that is still/,
    ],
    [
      'in place over another operand too',
      () => {
        const [a, b] = [at('a', 0, 0), at('b', 64, 1)];
        checkPlan([step([a, b], [at('out', 32, 2)], a)], [a, b], [], 256);
      },
      /expected room apart/,
    ],
    [
      'in place of another size',
      () => {
        const a = at('a', 0, 0);
        checkPlan([step([a], [at('out', 0, 2, 32)], a)], [a], [], 256);
      },
      /expected room apart/,
    ],
    [
      'exactly in place',
      () => {
        const a = at('a', 0, 0);
        checkPlan([step([a], [at('out', 0, 2)], a)], [a], [at('out', 0, 2)], 256);
      },
      null,
    ],
    [
      'in place, then the old value',
      () => {
        const a = at('a', 0, 0);
        checkPlan([step([a], [at('out', 0, 2)], a)], [a], [a], 256);
      },
      /output: a/,
    ],
    ['more of a value than was written', () => checkPlan([], [at('a', 0, 0)], [at('a', 0, 0, 128)], 128), /output: a/],
    ['a value that moved', () => checkPlan([], [at('a', 0, 0)], [at('a', 64, 0)], 128), /output: a/],
    [
      'empty values anywhere',
      () => checkPlan([step([at('e', 0, 0, 0)], [at('out', 0, 1)])], [at('e', 0, 0, 0)], [at('out', 0, 1)], 64),
      null,
    ],
  ])('%s', (_, check, message) => {
    if (message) expect(check).toThrow(message);
    else check();
    if (message) expect(check).toThrow(TraceletError);
  });
});
