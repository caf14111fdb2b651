import { expect } from 'vitest';
import {
  BertConfig,
  type BertConfigOptions,
  BertModel,
  type ErrorCode,
  F,
  jit,
  nn,
  type Tensor,
  type TracedModule,
  TraceletError,
  tensor,
} from '../../src/index.ts';
import { type ForwardResult, flattenOutputs } from '../../src/nn/outputs.ts';

export const tinyConfig = (options: BertConfigOptions = {}): BertConfig =>
  new BertConfig({
    vocab_size: 40,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 24,
    max_position_embeddings: 12,
    ...options,
  });

export const tinyBert = (options: BertConfigOptions = {}): BertModel => new BertModel(tinyConfig(options), { seed: 3 });

/** The same with a pooler that takes the first token as a slice, of which a trace has a view. */
export function slicingBert(options: BertConfigOptions = {}): BertModel {
  const model = tinyBert(options);
  const { pooler } = model as unknown as { pooler: nn.Module & { dense: nn.Linear } };
  const forward = (x: Tensor): Tensor => F.tanh(pooler.dense(F.narrow(x, 1, 0, 1).reshape([x.shape[0], x.shape[2]])));
  return Object.assign(model, { pooler: Object.assign(pooler, { forward }) });
}

/** layer_norm(x + gelu(dense(x))). */
export class Block extends nn.Module<[Tensor], Tensor> {
  dense = new nn.Linear(6, 6);
  norm = new nn.LayerNorm(6);

  forward(x: Tensor): Tensor {
    return this.norm(F.add(F.gelu(this.dense(x)), x));
  }
}

/** A module whose forward pass is a function. */
export class Computed extends nn.Module<Tensor[], ForwardResult> {
  readonly body: (...inputs: Tensor[]) => ForwardResult;

  constructor(body: (...inputs: Tensor[]) => ForwardResult) {
    super();
    this.body = body;
  }

  forward(...inputs: Tensor[]): ForwardResult {
    return this.body(...inputs);
  }
}

export const floats = (shape: readonly number[], seed = 1): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + seed)),
    { dtype: 'float32' },
  ).reshape(shape);
};

export const bytesOf = ({ data }: Tensor): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

export function expectSameBits(got: unknown, want: unknown, what = 'output'): void {
  const [left, right] = [got, want].map((result) => flattenOutputs(result as ForwardResult).tensors);
  expect(left.map(({ name }) => name)).toEqual(right.map(({ name }) => name));
  for (const [i, { name, tensor: a }] of left.entries()) {
    expectSameTensor(a, right[i].tensor, `${what} ${name}`);
  }
}

export function expectSameTensor(got: Tensor, want: Tensor, what: string): void {
  expect([got.dtype, got.shape], what).toEqual([want.dtype, want.shape]);
  expect(bytesOf(got).equals(bytesOf(want)), what).toBe(true);
}

/** The error that `body` throws or rejects with, which has to be of the library and of this code. */
export async function problem(code: ErrorCode, body: () => unknown): Promise<TraceletError> {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof TraceletError)) throw error;
    expect(error.code, error.message).toBe(code);
    return error;
  }
  throw new Error(`nothing was thrown, expected a ${code} error`);
}

export async function fileOf(traced: TracedModule<unknown>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat([...(await jit.serialize(traced))]));
}
