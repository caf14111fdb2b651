import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { F, jit, Tensor } from '../../src/index.ts';
import type { NestedTensors } from '../../src/nn/nesting.ts';
import { altered } from '../support/malformed_trace.ts';
import { expectSameBits, fileOf, floats, problem } from '../support/tiny.ts';

/** Shapes of nests: a tensor, a list, or an object. */
type Nest = 'tensor' | Nest[] | { [name: string]: Nest };

const names = fc.constantFrom('a', 'left', 'b2', 'x-y');
const { nest } = fc.letrec<{ nest: Nest }>((tie) => ({
  nest: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant('tensor' as const),
    fc.array(tie('nest'), { minLength: 1, maxLength: 3 }),
    fc.dictionary(names, tie('nest'), { minKeys: 1, maxKeys: 3 }).map((each) => ({ ...each })),
  ),
}));

function mapped<T>(value: T, of: (tensor: Tensor) => Tensor): T {
  if (value instanceof Tensor) return of(value) as T;
  if (Array.isArray(value)) return value.map((each) => mapped(each, of)) as T;
  return Object.fromEntries(Object.entries(value as object).map(([name, each]) => [name, mapped(each, of)])) as T;
}

let seed = 0;
function filled(nest: Nest): NestedTensors {
  if (nest === 'tensor') return floats([2], ++seed);
  if (Array.isArray(nest)) return nest.map(filled);
  return Object.fromEntries(Object.entries(nest).map(([name, each]) => [name, filled(each)]));
}

/** What a nest of answers holds, as a nest of the form of `like`. */
function expectLike(got: unknown, like: NestedTensors): void {
  if (like instanceof Tensor) {
    expectSameBits(got as Tensor, like);
    return;
  }
  const entries = Object.entries(like);
  if (Array.isArray(like)) expect((got as unknown[]).length).toBe(entries.length);
  for (const [i, [name, each]] of entries.entries()) {
    expectLike((got as Record<string, unknown>)[name], each);
    expectLike((got as unknown[])[i], each);
  }
}

describe('nested inputs and outputs', () => {
  test('of any form go through a trace and a file', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(nest, { minLength: 1, maxLength: 3 }), async (nests) => {
        const inputs = nests.map(filled);
        const body = (...given: NestedTensors[]) => mapped({ all: given }, (tensor) => F.relu(tensor));
        const traced = await jit.trace(body, inputs);
        const loaded = await jit.load(await fileOf(traced));
        const others = nests.map(filled);
        const want = body(...others);
        const byName = Object.fromEntries(others.map((each, i) => [`input_${i}`, each]));
        for (const run of [traced, loaded] as unknown as ((...inputs: unknown[]) => NestedTensors)[])
          for (const answer of [run(...others), run(byName)]) expectLike(answer, want);
      }),
      { numRuns: 25 },
    );
  });

  test('of a list alone are given as they are, in a list, or by name', async () => {
    const pair = [floats([3]), floats([3], 2)];
    const traced = (await jit.trace(([a, b]: Tensor[]) => F.sub(a, b), [pair])) as unknown as (...inputs: unknown[]) => Tensor;
    for (const given of [[pair], [[pair]], [{ input_0: pair }]]) expectSameBits(traced(...given), F.sub(pair[0], pair[1]));
    expect((await problem('value', () => traced(pair[0]))).message).toMatch(/input "input_0": expected one of input_0.0, input_0.1/);
    expect((await problem('value', () => traced([pair[0]]))).message).toMatch(/input "input_0.1": expected float32 \[3\]/);
    expect((await problem('value', () => traced([...pair, pair[0]]))).message).toMatch(/at most 1 inputs/);
  });

  test('run, are wanted, verified and sized by their names', async () => {
    const body = (x: Tensor, { deep }: { deep: Tensor[] }) => ({ first: F.relu(x), rest: [{ sum: F.add(x, deep[0]) }, F.exp(x)] });
    const inputs = [floats([2, 3]), { deep: [floats([2, 3], 2)] }] as const;
    const dynamic_axes = { input_0: { 0: 'n' }, 'input_1.deep.0': { 0: 'n' } };
    const traced = await jit.trace(body as never, inputs as never, { dynamic: { n: [1, 4] }, dynamic_axes });
    expect(traced.outputs.map(({ name }) => name)).toEqual(['first', 'rest.0.sum', 'rest.1']);
    const given = { input_0: floats([4, 3]), input_1: { deep: [floats([4, 3], 2)] } };
    const some = (await traced.run(given, { outputs: ['rest.0'] })) as unknown as { rest: [{ sum: Tensor }] };
    expectSameBits(some.rest[0].sum, F.add(given.input_0, given.input_1.deep[0]));
    expect(Object.keys(some)).toEqual(['0', 'rest']);
    expect(traced.verify('baseline').exact).toBe(true);
  });

  test('that are too deep, or of forbidden names, are refused', async () => {
    const deep = (depth: number, x: Tensor): NestedTensors => (depth === 0 ? x : [deep(depth - 1, x)]);
    const x = floats([2]);
    expect((await problem('tracing', () => jit.trace((y: Tensor) => deep(40, y), [x]))).message).toMatch(/more than 32/);
    expect((await problem('value', () => jit.trace((y: NestedTensors) => y as Tensor, [deep(40, x)]))).message).toMatch(/at most 32 lists/);
    const circle: unknown[] = [];
    circle.push(circle);
    await problem('tracing', () => jit.trace(() => circle as never, [x]));
    await problem('value', () => jit.trace((y: Tensor) => y, [circle as never]));
    await problem('tracing', () => jit.trace((y: Tensor) => ({ a: { length: y } }), [x]));
    await problem('tracing', () => jit.trace((y: Tensor) => ({ a: { 'b.c': y } }), [x]));
    await problem('tracing', () => jit.trace((y: Tensor) => [[y], [3]] as never, [x]));
  });

  test('of a file name no tensor within another', async () => {
    const file = await fileOf(await jit.trace((x: Tensor) => ({ a: F.relu(x), b: F.exp(x) }), [floats([2])]));
    const { message } = await problem('format', () =>
      jit.load(
        altered(file, ({ program }) => {
          program.outputs[1].name = 'a.b';
        }),
      ),
    );
    expect(message).toMatch(/outputs: expected names none of which another is within, got a, a.b/);
  });
});
