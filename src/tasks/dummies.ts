import type { PreTrainedConfig } from '../models/config.ts';
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

type Row = Readonly<Record<'input_ids' | 'token_type_ids' | 'attention_mask', readonly number[]>>;

/** Inputs to trace a model with: a real text where there is a tokenizer, else ids that follow from their place. Part of each row is padding. */
export function dummyInputs(
  config: PreTrainedConfig,
  names: readonly string[],
  tokenizer: PreTrainedTokenizerFast | undefined,
  dimensions: Dimensions,
): Record<string, Tensor> {
  const { batch, choices, seq } = dimensions;
  const types = names.includes('token_type_ids') ? ((config as TokenTypes).type_vocab_size ?? 1) : 1;
  const end = names.includes(DECODER_IDS) ? config.eos_token_id : null;
  const row = tokenizer ? encoded(tokenizer, types, seq) : counted(config, types, seq, end);
  const shape = choices === undefined ? [batch, seq] : [batch, choices, seq];
  const rows = batch * (choices ?? 1);
  const taken = Object.entries(row).filter(([name]) => names.includes(name));
  return Object.fromEntries(taken.map(([name, values]) => [name, new Tensor('int32', shape, repeat(values, rows))]));
}

/** The input of what is made of a text. */
export const DECODER_IDS = 'decoder_input_ids';

/** As many ids for a decoder to go on from: what it starts with, then those of the texts. */
export function decoderIds({ data, shape: [batch, seq] }: Tensor, config: PreTrainedConfig, length: number): Tensor {
  const { decoder_start_token_id: start } = config as { decoder_start_token_id?: number | null };
  const idOf = (i: number): number => (i % length === 0 ? (start ?? 0) : Number(data[Math.floor(i / length) * seq + ((i % length) % seq)]));
  return new Tensor(
    'int32',
    [batch, length],
    Int32Array.from({ length: batch * length }, (_, i) => idOf(i)),
  );
}

/** What configurations of models that tell texts of a pair apart have. */
interface TokenTypes {
  type_vocab_size?: number;
}

/** Where no token is padding, the text comes again and again. */
function encoded(tokenizer: PreTrainedTokenizerFast, types: number, seq: number): Row {
  const pads = tokenizer.special_tokens_map.pad_token !== undefined;
  const { input_ids, token_type_ids, attention_mask } = tokenizer.encode_plus(TEXT, types > 1 ? PAIR : null, {
    truncation: true,
    padding: pads ? 'max_length' : false,
    max_length: seq,
  });
  const filled = (values: readonly number[]): number[] => Array.from({ length: seq }, (_, i) => values[i % values.length]);
  return { input_ids: filled(input_ids), token_type_ids: filled(token_type_ids), attention_mask: filled(attention_mask) };
}

function counted({ vocab_size }: PreTrainedConfig, types: number, seq: number, end: PreTrainedConfig['eos_token_id']): Row {
  const each = (value: (i: number) => number): number[] => Array.from({ length: seq }, (_, i) => value(i));
  const real = Math.ceil(seq * 0.75);
  return {
    input_ids: each((i) => (i === real - 1 && typeof end === 'number' ? end : (i * 7919 + 101) % vocab_size)),
    token_type_ids: each((i) => (i < seq / 2 ? 0 : Math.min(1, types - 1))),
    attention_mask: each((i) => (i < real ? 1 : 0)),
  };
}

function repeat(values: readonly number[], times: number): Int32Array {
  const filled = new Int32Array(values.length * times);
  for (let i = 0; i < times; i++) filled.set(values, i * values.length);
  return filled;
}
