import { TraceletError } from '../base/error.ts';
import { isObject } from '../base/json.ts';
import { isZero, TYPES } from '../nn/inputs.ts';
import { sameShape, type Tensor } from '../tensor/tensor.ts';
import type { PreTrainedConfig } from './config.ts';
import type { Family } from './family.ts';

/** What a decoder may be given of an encoder, in the order of transformers: [batch, encoder_sequence, hidden], and 0 for what is left out. */
export const ENCODER_INPUTS = ['encoder_hidden_states', 'encoder_attention_mask'] as const;

/**
 * Proves ids [batch, sequence] of no more tokens than the model has positions, and that other inputs are as large. Throws `shape` and `value` errors
 * that call the ids `name`.
 */
export function checkIds(
  { shape }: Tensor,
  others: Record<string, Tensor | null | undefined>,
  config: PreTrainedConfig,
  name = 'input_ids',
): void {
  const fits = shape.length === 2 && shape[0] > 0 && shape[1] > 0;
  if (!fits) throw new TraceletError('shape', { what: name, expected: '[batch, sequence], neither of them 0', got: `[${shape}]` });
  const [most, max] = [config.most_tokens(), config.max_position_embeddings];
  if (shape[1] > most)
    throw new TraceletError('value', {
      what: `the sequence in ${name}`,
      expected: `at most ${max === undefined ? '' : `max_position_embeddings${most < max ? ` - ${max - most}` : ''} = `}${most} tokens`,
      got: `${shape[1]}`,
      cure: 'Truncate it: the tokenizer does with { truncation: true, max_length }',
    });
  for (const [other, tensor] of Object.entries(others))
    if (tensor && !sameShape(tensor.shape, shape))
      throw new TraceletError('shape', { what: other, expected: `[${shape}], as ${name}`, got: `[${tensor.shape}]` });
}

/** Positions [batch, sequence] as they are; [1, sequence] and [sequence] as [sequence], whose embeddings every row takes. */
export function fitPositions(positions: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(positions.shape, shape)) return positions;
  if (positions.size !== shape[1] || positions.shape[positions.shape.length - 1] !== shape[1])
    throw new TraceletError('shape', { what: 'position_ids', expected: `[${shape}] or [1, ${shape[1]}]`, got: `[${positions.shape}]` });
  return positions.reshape([shape[1]]);
}

/** The arguments without token types by name, which a tokenizer answers for every model, where these mean nothing to a family. */
export function withoutTypes(args: readonly unknown[], { inputs, wordTypes }: Family): readonly unknown[] {
  const [first] = args;
  if (args.length !== 1 || !isObject(first) || !(TYPES in first)) return args;
  if (inputs.includes(TYPES) && !(wordTypes && isZero(first[TYPES]))) return args;
  const { [TYPES]: _, ...others } = first;
  return [others];
}
