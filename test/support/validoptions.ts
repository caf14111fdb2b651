/** Options that calls are rightly given, each of them with all that there are. */
import { signal } from './subjects.ts';
import { tokenizer } from './texts.ts';
import { floats } from './tiny.ts';

export const reading = {
  signal: signal(),
  progress_callback: () => {},
  revision: 'main',
  token: 'x',
  endpoint: 'https://hub.invalid',
  local_files_only: true,
  cache: false,
  onwarn: () => {},
};
export const ofTexts = { truncate: true, prompt: 'a' };
export const embedding = {
  ...ofTexts,
  signal: signal(),
  truncate_dim: 2,
  normalize: true,
  batchTokens: 64,
  progress_callback: () => {},
};
export const opening = { ...reading, seed: 1, strict: false, kernels: 'baseline', threads: 1 };
export const running = { ...ofTexts, signal: signal(), batchTokens: 64, progress_callback: () => {} };
export const scoring = { ...running, activation_fn: 'sigmoid', apply_softmax: true };
export const vectors = {
  ...running,
  truncate_dim: 2,
  normalize_embeddings: true,
  precision: 'int8',
  output_value: 'sentence_embedding',
};
export const classifying = {
  top_k: 1,
  function_to_apply: 'softmax',
  truncation: true,
  max_length: 8,
  batchTokens: 64,
  signal: signal(),
  progress_callback: () => {},
};
export const piping = {
  dtype: 'float32',
  tokenizer,
  kernels: 'baseline',
  threads: 1,
  worker: false,
  top_k: null,
  function_to_apply: 'none',
  truncation: false,
  max_length: 8,
  batchTokens: 64,
};
export const encoding = {
  text_pair: 'was',
  add_special_tokens: true,
  truncation: true,
  max_length: 8,
  stride: 1,
  is_split_into_words: false,
  padding: 'max_length',
  pad_to_multiple_of: 2,
  return_tensors: true,
  return_offsets_mapping: true,
  offset_unit: 'byte',
  return_special_tokens_mask: true,
  return_overflowing_tokens: true,
};
export const plain = { max_length: 8, truncation: true, padding: true, return_tensors: false, offset_unit: 'utf16' };
export const decoding = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
export const tracing = {
  check_trace: true,
  check_tolerance: 1e-5,
  check_inputs: [[floats([1, 2], 3)]],
  strict: true,
  fusion: true,
  dynamic: { batch: [1, 4] },
  dynamic_axes: { input_0: { 0: 'batch' } },
  exact_padding: true,
  tokenizer,
  kernels: 'baseline',
  threads: 1,
  signal: signal(),
};
export const tracingMethods = { ...tracing, check_inputs: [{ other: [floats([1, 2], 3)] }] };
export const making = {
  vocab: [...tokenizer.get_vocab().keys()],
  do_lower_case: true,
  strip_accents: null,
  tokenize_chinese_chars: true,
  clean_text: true,
  bos_token: 'jim',
  eos_token: { content: 'was' },
  unk_token: '[UNK]',
  pad_token: '[PAD]',
  additional_special_tokens: ['!'],
  extra_special_tokens: { image_token: 'a' },
  added_tokens: [{ content: 'hen', special: true }],
  split_special_tokens: false,
  never_split: ['was'],
  do_basic_tokenize: true,
  model_max_length: 8,
  max_input_chars_per_word: 20,
  wordpieces_prefix: '##',
  padding_side: 'left',
  truncation_side: 'left',
  clean_up_tokenization_spaces: true,
  model_input_names: ['input_ids'],
};
const { vocab: _, do_lower_case, strip_accents, tokenize_chinese_chars, clean_text, never_split, do_basic_tokenize, ...shared } = making;
const { max_input_chars_per_word, wordpieces_prefix, ...ofAny } = shared;
/** The options of a tokenizer of any kind. */
export const general = ofAny;
export const quantizing = { bits: 8, calibrate: [[floats([1, 6])]], keep: () => false, signal: signal(), progress: () => {} };
export const shape = {
  vocab_size: 13,
  hidden_size: 8,
  num_attention_heads: 2,
  num_hidden_layers: 1,
  hidden_act: 'relu',
  id2label: { 0: 'a' },
};
