import { describe, expectTypeOf, test } from 'vitest';
import { F, full, jit, type ModelOutput, nn, similarity, Tensor, tensor, zeros } from '../../src/index.ts';
import { Block, floats, tinyBert } from '../support/tiny.ts';

/** What is said here is proved by the type checker, which reads the tests as well. */
describe('types', () => {
  test('the elements of a tensor follow from its dtype', () => {
    expectTypeOf(tensor([1], { dtype: 'int64' }).data).toEqualTypeOf<BigInt64Array>();
    expectTypeOf(tensor([1], { dtype: 'long' }).data).toEqualTypeOf<BigInt64Array>();
    expectTypeOf(tensor([1], { dtype: 'float' }).dtype).toEqualTypeOf<'float32'>();
    expectTypeOf(tensor(Float32Array.of(1)).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(zeros(2, 3).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(zeros([2, 3], { dtype: 'int32' }).data).toEqualTypeOf<Int32Array>();
    expectTypeOf(zeros(2, 3, { dtype: 'half' }).data).toEqualTypeOf<Uint16Array>();
    expectTypeOf(full([2], 1, { dtype: 'bool' }).data).toEqualTypeOf<Uint8Array>();
    expectTypeOf(new Tensor('float64', [1], [1]).data).toEqualTypeOf<Float64Array>();
    expectTypeOf(tensor([1]).to('float32').data).toEqualTypeOf<Float32Array>();
    expectTypeOf(tensor([1])).toEqualTypeOf<Tensor>();
    expectTypeOf(new nn.Parameter([1], () => {}).data).toEqualTypeOf<Float32Array>();
  });

  test('ops answer floats, and views what they are views of', () => {
    const whole = zeros([2], { dtype: 'int32' });
    expectTypeOf(F.relu(whole).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(F.permute(whole, 0)).toEqualTypeOf<Tensor<'int32'>>();
    expectTypeOf(whole.reshape(1, 2).T.slice(0).squeeze()).toEqualTypeOf<Tensor<'int32'>>();
    expectTypeOf(whole.add(1)).toEqualTypeOf<Tensor<'float32'>>();
    expectTypeOf([...whole]).toEqualTypeOf<Tensor<'int32'>[]>();
    expectTypeOf(similarity([1], [1])).toEqualTypeOf<number>();
  });

  test('any tensor serves where its dtype does not matter', () => {
    const floating: Tensor<'float32'> = floats([1]) as Tensor<'float32'>;
    const some: Tensor = floating;
    expectTypeOf(some.data).toEqualTypeOf<Tensor['data']>();
    // @ts-expect-error: the elements of some tensor may be of another dtype
    const elements: Float32Array = some.data;
    expectTypeOf(elements).toEqualTypeOf<Float32Array>();
  });

  test('models and traces answer floats', async () => {
    const ids = tensor([[1, 2]]);
    const output: ModelOutput = tinyBert()(ids);
    const values: Float32Array = output.pooler_output.data;
    expectTypeOf(values).toEqualTypeOf<Float32Array>();
    const [first] = output;
    expectTypeOf(first.data).toEqualTypeOf<Float32Array>();
    expectTypeOf(output.hidden_states).toEqualTypeOf<Tensor<'float32'>[]>();
    const traced = await jit.trace(tinyBert(), [ids]);
    expectTypeOf(traced(ids).pooler_output.data).toEqualTypeOf<Float32Array>();
    const block = await jit.trace(new Block(), [floats([1, 6])]);
    expectTypeOf(block(floats([1, 6])).data).toEqualTypeOf<Float32Array>();
    const one = await jit.trace((x: Tensor) => F.relu(x), [floats([1])]);
    expectTypeOf(one(floats([1])).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(block.embed).returns.resolves.toEqualTypeOf<Tensor<'float32'>>();
  });
});
