import { jit, SentenceEmbedder, Tensor, type TracedModule, tensor } from '../../src/index.ts';
import { tinyConfig } from './tiny.ts';

export const BOUNDS = { batch: [1, 6], sequence: [1, 12] } as const;

export const ints = (shape: readonly number[], element: (i: number) => number): Tensor =>
  new Tensor(
    'int32',
    shape,
    Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => element(i)),
  );

/** Inputs of a batch whose masks are given. */
export function inputsOf(masks: readonly (readonly number[])[]): Record<string, Tensor> {
  const shape = [masks.length, masks[0].length];
  return {
    input_ids: ints(shape, (i) => (i * 7 + 3) % 40),
    token_type_ids: ints(shape, (i) => i % 2),
    attention_mask: tensor(masks as number[][]),
  };
}

export const ones = (batch: number, sequence: number): number[][] => Array.from({ length: batch }, () => new Array(sequence).fill(1));
export const model = new SentenceEmbedder(tinyConfig({ num_hidden_layers: 2 }), { seed: 5 });
export const traceAs = (options: jit.TraceOptions, at = inputsOf(ones(2, 5))): Promise<TracedModule> =>
  jit.trace(model, at, options) as never;
export const dynamic = await traceAs({ dynamic: BOUNDS });
