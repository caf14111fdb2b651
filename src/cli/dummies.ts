import { TraceletError } from '../base/error.ts';
import type { BertConfig } from '../models/config.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';

export interface Dimensions {
  batch: number;
  /** Texts an example, where examples are several. */
  choices?: number;
  seq: number;
}

const TEXT = 'Who was Jim Henson?';
const PAIR = 'Jim Henson was a puppeteer, and the voice of a frog called Kermit.';

interface Row {
  input_ids: readonly number[];
  token_type_ids: readonly number[];
  attention_mask: readonly number[];
}

/** Inputs to trace a model with: a real text where there is a tokenizer, else ids that follow from their place. Part of each row is padding. */
export function dummyInputs(config: BertConfig, tokenizer: PreTrainedTokenizerFast | undefined, dimensions: Dimensions) {
  const { batch, choices, seq } = dimensions;
  if (seq > config.max_position_embeddings)
    throw new TraceletError('value', {
      what: '--seq',
      expected: `at most the model’s ${config.max_position_embeddings} positions`,
      got: `${seq}`,
    });
  const row = tokenizer ? encoded(tokenizer, config, seq) : counted(config, seq);
  const shape = choices === undefined ? [batch, seq] : [batch, choices, seq];
  const rows = batch * (choices ?? 1);
  return Object.fromEntries(Object.entries(row).map(([name, values]) => [name, new Tensor('int32', shape, repeat(values, rows))]));
}

function encoded(tokenizer: PreTrainedTokenizerFast, { type_vocab_size }: BertConfig, seq: number): Row {
  const { input_ids, token_type_ids, attention_mask } = tokenizer.encode_plus(TEXT, type_vocab_size > 1 ? PAIR : null, {
    truncation: true,
    padding: 'max_length',
    max_length: seq,
  });
  return { input_ids, token_type_ids, attention_mask };
}

function counted({ vocab_size, type_vocab_size }: BertConfig, seq: number): Row {
  const each = (value: (i: number) => number): number[] => Array.from({ length: seq }, (_, i) => value(i));
  const real = Math.ceil(seq * 0.75);
  return {
    input_ids: each((i) => (i * 7919 + 101) % vocab_size),
    token_type_ids: each((i) => (i < seq / 2 ? 0 : Math.min(1, type_vocab_size - 1))),
    attention_mask: each((i) => (i < real ? 1 : 0)),
  };
}

function repeat(values: readonly number[], times: number): Int32Array {
  const filled = new Int32Array(values.length * times);
  for (let i = 0; i < times; i++) filled.set(values, i * values.length);
  return filled;
}
