import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { DTYPES, F, full, ones, Tensor, tensor, zeros } from '../../src/index.ts';
import { dtypeNamed } from '../../src/tensor/dtype.ts';
import { problem } from '../support/tiny.ts';

const foreign = (code: string): never => runInNewContext(code) as never;
const numbers = ({ dtype, shape, data }: Tensor) => [dtype, shape, [...(data as Float32Array)]];

describe('a tensor is made of', () => {
  const shared = new Float32Array(new SharedArrayBuffer(8));
  shared.set([1, 2]);
  test.each<[string, () => Tensor, unknown[]]>([
    ['the order of transformers.js', () => new Tensor('int64', BigInt64Array.of(1n, 2n, 3n), [1, 3]), ['int64', [1, 3], [1n, 2n, 3n]]],
    ['a plain array', () => new Tensor('float32', [2], [1, 2.5]), ['float32', [2], [1, 2.5]]],
    ['floats of 64 bits', () => new Tensor('float32', [2], Float64Array.of(1, 0.1)), ['float32', [2], [1, Math.fround(0.1)]]],
    ['bigints for numbers', () => new Tensor('int32', [1], BigInt64Array.of(-7n)), ['int32', [1], [-7]]],
    ['numbers for bigints', () => new Tensor('int64', [1], Int32Array.of(-7)), ['int64', [1], [-7n]]],
    ['truth', () => new Tensor('bool', [3], [true, false, 7]), ['bool', [3], [1, 0, 1]]],
    ['bytes as truth', () => new Tensor('bool', [2], Uint8Array.of(0, 7)), ['bool', [2], [0, 1]]],
    ['halves', () => new Tensor('float16', [2], [1.5, 65536]), ['float16', [2], [0x3e00, 0x7c00]]],
    ['bits of halves', () => new Tensor('float16', [1], Uint16Array.of(0x3e00)), ['float16', [1], [0x3e00]]],
    ['brain floats', () => new Tensor('bfloat16', [2], [1.5, -3e38]), ['bfloat16', [2], [0x3fc0, 0xff62]]],
    ['shared memory', () => new Tensor('float32', [2], shared), ['float32', [2], [1, 2]]],
    ['another realm', () => new Tensor('float32', foreign('[2]'), foreign('new Float32Array([1, 2])')), ['float32', [2], [1, 2]]],
    ['a Buffer', () => new Tensor('uint8', [2], Buffer.from([1, 2])), ['uint8', [2], [1, 2]]],
    ['another name', () => new Tensor('long' as 'int64', [1], [1]), ['int64', [1], [1n]]],
    ['nothing', () => new Tensor('float32', [0, 3], []), ['float32', [0, 3], []]],
  ])('%s', (_, make, want) => {
    const made = make();
    expect(numbers(made)).toEqual(want);
    expect(made.data).toBeInstanceOf(DTYPES[made.dtype].array);
    expect(Object.prototype.toString.call(made.data.buffer)).toBe('[object ArrayBuffer]');
    expect(made.data.constructor.name).not.toBe('Buffer');
  });

  test('its own array without a copy, and shared memory with one', () => {
    const data = Float32Array.of(1, 2);
    expect(new Tensor('float32', [2], data).data).toBe(data);
    const copy = new Tensor('float32', [2], shared);
    shared[0] = 9;
    expect(copy.data[0]).toBe(1);
    shared[0] = 1;
  });

  test.each<[string, 'value' | 'shape' | 'dtype' | 'memory', () => unknown, RegExp]>([
    ['no data', 'value', () => Reflect.construct(Tensor, ['float32', [1, 2]]), /expected its elements.*got undefined.*tensor\(values\)/],
    ['null', 'value', () => F.relu(new Tensor('float32', [2], null)), /expected its elements.*got null/],
    ['a string', 'value', () => new Tensor('float32', [1], '1' as never), /got "1"/],
    ['strings', 'value', () => new Tensor('float32', [1], ['1'] as never), /\[0\]: expected a number for float32, got "1"/],
    ['a hole', 'value', () => new Tensor('float32', [2], [1, undefined] as never), /\[1\]: .*got undefined/],
    ['a fraction', 'value', () => new Tensor('int32', [1], [1.5]), /expected a whole number.*got 1\.5/],
    ['NaN', 'value', () => new Tensor('int64', [1], Float32Array.of(Number.NaN)), /of 64 bits for int64, got NaN/],
    ['too much', 'value', () => new Tensor('int32', [1], [2 ** 31]), /got 2147483648/],
    ['too much for bytes', 'value', () => new Tensor('uint8', [1], [-1]), /from 0 to 255/],
    ['too much for 64 bits', 'value', () => new Tensor('int64', [1], [2n ** 63n]), /got 9223372036854775808/],
    ['unsigned of 64 bits', 'value', () => tensor(BigUint64Array.of(2n ** 63n)), /of 64 bits/],
    ['other lengths', 'shape', () => new Tensor('float32', [3], [1, 2]), /expected 3 elements, got 2/],
    ['a detached buffer', 'shape', () => new Tensor('float32', [1], detachedArray()), /got 0.*detached/],
    ['a detached buffer alone', 'value', () => tensor(detachedArray()), /whose buffer is detached/],
    ['a detached buffer in a list', 'value', () => F.relu([detachedArray()]), /whose buffer is detached/],
    ['NaN dimensions', 'shape', () => new Tensor('float32', [Number.NaN], [1]), /got \[NaN\]/],
    ['negative dimensions', 'shape', () => new Tensor('float32', [-1, -1], [1]), /got \[-1,-1\]/],
    ['fractions', 'shape', () => zeros(1.5), /got \[1\.5\]/],
    ['more than there is room for', 'shape', () => zeros(1e6, 1e6), /at most 2147483647 elements/],
    ['a dtype that is no name', 'dtype', () => dtypeNamed(7 as never, 'x'), /^x: expected a dtype: one of float64, .*, bool, got 7$/],
    ['a slip', 'dtype', () => tensor([1], { dtype: 'flaot32' as 'float32' }), /got "flaot32".*Did you mean float32/],
    ['an option unknown', 'value', () => tensor([1], { type: 'int32' } as never), /tensor: option "type"/],
    ['two dtypes', 'dtype', () => tensor([Float32Array.of(1), Int32Array.of(1)]), /float32 and int32.*\{ dtype \}/],
    ['itself', 'shape', () => tensor(endless()), /at most 32 dimensions/],
    ['rows of two lengths', 'shape', () => tensor([[1], Float32Array.of(1, 2)]), /at depth 1/],
    ['a fraction for all', 'value', () => full([2], 0.5, { dtype: 'int' }), /full: value\[0\]/],
  ])('%s is refused', async (_, code, make, message) => {
    expect((await problem(code, make)).message).toMatch(message);
  });

  function detachedArray(): Float32Array {
    const data = Float32Array.of(1);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    return data;
  }

  function endless(): never {
    const list: unknown[] = [];
    list.push(list);
    return list as never;
  }
});

describe('tensor()', () => {
  test.each<[string, Tensor, unknown[]]>([
    ['a typed array', tensor(Int32Array.of(1, 2)), ['int32', [2], [1, 2]]],
    ['doubles', tensor(Float64Array.of(0.1)), ['float64', [1], [0.1]]],
    ['rows of floats', tensor([Float32Array.of(1, 2), Float32Array.of(3, 4)]), ['float32', [2, 2], [1, 2, 3, 4]]],
    ['rows of floats as whole numbers', tensor([Float32Array.of(1, 2)], { dtype: 'long' }), ['int64', [1, 2], [1n, 2n]]],
    ['tensors', tensor([tensor([1, 2]), tensor([3, 4])]), ['int32', [2, 2], [1, 2, 3, 4]]],
    ['a tensor as another dtype', tensor(tensor([1.5]), { dtype: 'half' }), ['float16', [1], [0x3e00]]],
    ['unsigned shorts, which are numbers here', tensor(Uint16Array.of(65535)), ['int32', [1], [65535]]],
    ['large whole numbers', tensor([2 ** 40]), ['int64', [1], [2n ** 40n]]],
    ['whole numbers', tensor([2 ** 31 - 1, -(2 ** 31) + 1]), ['int32', [2], [2 ** 31 - 1, -(2 ** 31) + 1]]],
    ['long', tensor([1], { dtype: 'long' }), ['int64', [1], [1n]]],
    ['double', tensor([1], { dtype: 'double' }), ['float64', [1], [1]]],
    ['zeros(2, 3)', zeros(2, 3), ['float32', [2, 3], Array(6).fill(0)]],
    ['zeros([2], …)', zeros([2], { dtype: 'long' }), ['int64', [2], [0n, 0n]]],
    ['ones(2, 1, …)', ones(2, 1, { dtype: 'bfloat16' }), ['bfloat16', [2, 1], [0x3f80, 0x3f80]]],
    ['zeros()', zeros(), ['float32', [], [0]]],
  ])('%s', (_, got, want) => expect(numbers(got)).toEqual(want));

  test('copies', () => {
    const data = Float32Array.of(1, 2);
    const whole = new Tensor('float32', [2], data);
    const copies = [tensor(data), tensor(whole), whole.clone(), whole.to('float32')];
    data[0] = 9;
    for (const copy of copies) expect(copy.tolist()).toEqual([1, 2]);
  });
});
