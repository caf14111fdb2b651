import { beforeAll, describe, expect, test } from 'vitest';
import { jit, nn, Tensor } from '../../src/index.ts';
import { OPS } from '../../src/ops/table.ts';
import { altered, type Parts, set } from '../support/malformed_trace.ts';
import { fileOf, floats, problem } from '../support/tiny.ts';

const files: Record<string, Uint8Array> = {};
beforeAll(async () => {
  for (const dtype of ['bfloat16', 'float16'] as const) {
    const linear = new nn.Linear(4, 6, { seed: 1 });
    linear.weight.store(dtype);
    files[dtype] = await fileOf(await jit.trace(linear, floats([2, 4])));
  }
});

const half = (shape: number[], dtype: 'bfloat16' | 'float16') => new Tensor(dtype, shape, new Uint16Array(shape.reduce((a, b) => a * b)));

/** Gives the weight another shape or dtype wherever the file states it. */
const reshaped =
  (shape: number[], dtype: 'bfloat16' | 'float16') =>
  ({ program, tensors }: Parts): void => {
    const at = program.constants.findIndex(({ parts }: { parts: string[] }) => parts[0] === 'weight');
    Object.assign(program.constants[at], { shape, dtype });
    const value = program.values.find(({ place }: { place: { constant?: number } }) => place.constant === at);
    Object.assign(value, { shape, dtype });
    tensors.set('weight', half(shape, dtype));
  };

describe.each(['bfloat16', 'float16'] as const)('%s', (dtype) => {
  const other = dtype === 'bfloat16' ? 'float16' : 'bfloat16';

  test('a sound file loads', async () => {
    expect((await jit.load(altered(files[dtype], () => {}))).outputs).toHaveLength(1);
  });

  test.each<[string, (parts: Parts) => void, RegExp]>([
    ['the other 16 bits', reshaped([6, 4], other), new RegExp(`operand "weight": expected ${dtype}, got ${other}`)],
    ['a constant said to be float32', set('constants.0.dtype', 'float32'), /expected float32/],
    ['rows of an odd number of columns', reshaped([8, 3], dtype), /weight \[out, 4\]/],
    ['rows as they are', set('constants.0.layout', 'plain'), /lies in panels, got one that lies as it is/],
    [
      'scratch behind the arena',
      ({ code }) => {
        code[6] = 1 << 20;
      },
      /^format: .*scratch/,
    ],
  ])('%s is refused', async (_, change, message) => {
    const refused = await jit.load(altered(files[dtype], change)).then(
      () => 'nothing',
      (error) => `${error.code}: ${error.message}`,
    );
    expect(refused).toMatch(message);
  });
});

test('readers that do not know the ops refuse the file by their names', async () => {
  const file = altered(files.bfloat16, ({ program }) => {
    program.ops = program.ops.map((op: string) => (op === 'linear_bf16' ? 'linear_bf17' : op));
  });
  expect((await problem('op', () => jit.load(file))).message).toMatch(/op "linear_bf17": expected one of .*newer tracelet/);
});

test('rows of an odd number of columns have no op', () => {
  const infer = () => OPS.linear_bf16.infer({ x: [2, 3], weight: [4, 3] }, {});
  expect(infer).toThrow(/rows of an even number of columns, got 3/);
});
