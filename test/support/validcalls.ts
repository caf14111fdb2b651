import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARCHITECTURES, BertForMultipleChoice, BertModel, F, nn, type Tensor, tensor } from '../../src/index.ts';
import type { Family } from '../../src/models/family.ts';
import { fixture } from './fixtures.ts';
import { sizesFor } from './ownsizes.ts';
import {
  config,
  configFile,
  configFor,
  FAMILIES,
  FOLDER,
  folderOf,
  ids,
  inputs,
  mask,
  SIZES,
  scorer,
  signal,
  small,
  smallFile,
  tokenizerObject,
  tokens,
  traced,
  transformer,
  x,
  y,
} from './subjects.ts';
import { tokenizer } from './texts.ts';
import { floats } from './tiny.ts';
import { VALID_OPS } from './validops.ts';
import {
  classifying,
  decoding,
  embedding,
  encoding,
  general,
  making,
  ofTexts,
  opening,
  piping,
  plain,
  quantizing,
  reading,
  running,
  scoring,
  shape,
  tracing,
  tracingMethods,
  vectors,
} from './validoptions.ts';

/** Arguments of a call that is right, made anew for each. */
type Valid = () => readonly unknown[];

const relu = (input: Tensor) => F.relu(input);

class Sided extends nn.Module {
  forward(input: Tensor): Tensor {
    return F.relu(input);
  }

  other(input: Tensor): Tensor {
    return F.tanh(input);
  }
}

const none: Valid = () => [];
const rows = (names: string, valid: Valid, before = '', behind = ''): Record<string, Valid> =>
  Object.fromEntries(names.split(' ').map((name) => [before + name + behind, valid]));

const attending = () => ({
  heads: 2,
  key_heads: 2,
  mask: mask(),
  scale: 1,
  is_causal: true,
  window: 1,
  bias: floats([2, 3]),
  is_cross: true,
});

const placing = () => ({
  heads: 2,
  q_pos: tokens(),
  pos: floats([3, 4]),
  types: ids(),
  same: floats([1, 3, 2]),
  mask: mask(),
  scale: 1,
  before: 1,
  after: 1,
});
const disentangling = () => ({ heads: 2, mask: mask(), scale: 1, pos_key: floats([5, 4]), pos_query: floats([5, 4]) });

const called = (names: string, valid: Valid): Record<string, Valid> => ({
  ...rows(names, valid, '', '()'),
  ...rows(names, valid, '', '#forward'),
});

/** Tensor methods that are elsewhere, and all else that refuses every call. */
export const REFUSING: readonly string[] = [
  ...'numpy numel t double half long int bool gelu silu normalize mm bmm cpu cuda detach contiguous backward max min norm sort'
    .split(' ')
    .map((name) => `Tensor#${name}`),
  'ModuleList()',
  'ModuleList#forward',
  'TracePool()',
  'useKernels',
  'Tensor#item',
  'new PreTrainedModel',
  'new TracedModule',
];

const KINDS = ['BertModel.seed', 'BertModel.add_pooling_layer']
  .concat(['pooling', 'add_pooling_layer', 'base', 'sentence', 'tokenizer'].map((option) => `SentenceEmbedder.${option}`))
  .map((option) => `${option.replace('.', '.OPTIONS.')}.read`);

const INPUTS: Readonly<Record<string, () => Tensor | null>> = {
  input_ids: ids,
  token_type_ids: () => tensor([[0, 0, 0]]),
  attention_mask: mask,
  position_ids: () => tensor([[0, 1, 2]]),
  decoder_input_ids: ids,
  decoder_attention_mask: mask,
  langs: () => tensor([[0, 0, 0]]),
  lengths: () => tensor([2]),
  mems: () => null,
  perm_mask: () => null,
  target_mapping: () => null,
  input_mask: () => null,
};

/** What is known of a class of a model. */
interface Known {
  family: Family;
  head?: string;
}

/** A row for each class of a model. */
const perClass = (valid: (Model: Known) => readonly unknown[], before = '', behind = ''): Record<string, Valid> =>
  Object.fromEntries(
    Object.entries(ARCHITECTURES)
      .map(([name, Model]) => [name, { family: Model.family ?? BertModel.family, head: Model.head }] as const)
      .map(([name, Model]) => [before + name + behind, () => valid(Model)]),
  );

/** Inputs that choices do not take: a number for each text, and what came before one text. */
const PER_TEXT = ['lengths', 'mems', 'perm_mask', 'target_mapping'];

const inputsOf = ({ family: { inputs: names }, head }: Known): (Tensor | null)[] =>
  head === 'ForMultipleChoice'
    ? names.filter((name) => !PER_TEXT.includes(name)).map((name) => INPUTS[name]()?.reshape([1, 1, 3]) ?? null)
    : names.map((name) => INPUTS[name]());

const HEADS = ['ForMaskedLM', 'ForPreTraining', 'ForNextSentencePrediction', 'ForMultipleChoice']
  .concat('ForSequenceClassification', 'ForTokenClassification', 'ForQuestionAnswering', 'ForTextEncoding')
  .map((head) => `AutoModel${head}`);

const sparse = () => ({ indices: Int32Array.of(1, 3), values: Float32Array.of(1, 2) });

/** What each export is rightly called with. */
export const VALID: Readonly<Record<string, Valid>> = {
  ...Object.fromEntries(REFUSING.map((name) => [name, none])),
  ...VALID_OPS,

  ...rows('clone tolist toJSON rows toString relu sigmoid tanh', none, 'Tensor#'),
  ...rows('[nodejs.util.inspect.custom] [Deno.customInspect]', none, 'Tensor#'),
  'new Tensor': () => ['float32', [2], [1, 2]],
  'Tensor.from': () => [[[1, 2]]],
  ...rows('reshape view', () => [[3, 2]], 'Tensor#'),
  'Tensor#squeeze': () => [0],
  'Tensor#unsqueeze': () => [0],
  'Tensor#flatten': () => [0, 1],
  'Tensor#to': () => ['float16'],
  'Tensor#[Symbol.toPrimitive]': () => ['string'],
  ...rows('Tensor#add Tensor#sub', () => [y(), { alpha: 2 }]),
  'Tensor#mul': () => [y()],
  'Tensor#matmul': () => [floats([3, 2])],
  'Tensor#softmax': () => [0],
  'Tensor#permute': () => [[1, 0]],
  'Tensor#transpose': () => [0, 1],
  'Tensor#select': () => [0, 1],
  'Tensor#narrow': () => [0, 0, 1],
  'Tensor#slice': () => [0, [0, 2]],
  tensor: () => [[[1, 2]], { dtype: 'float32' }],
  full: () => [[2], 1, { dtype: 'int32' }],
  ...rows('zeros ones', () => [[2], { dtype: 'int32' }]),

  ...rows('relu silu tanh sigmoid gelu_new', () => [x()], 'F.'),
  ...rows('softmax log_softmax', () => [x(), 0], 'F.'),
  ...rows('add sub', () => [x(), y(), { alpha: 2 }], 'F.'),
  ...rows('mean_pool mean_sqrt_pool max_pool first_pool last_pool', () => [tokens(), mask()], 'F.'),
  'F.positions': () => [ids(), null, { offset: 1 }],
  ...rows('matches differs shift_right', () => [ids(), 1], 'F.'),
  'F.filled': () => [ids(), 1],
  'F.positional_attention': () => [tokens(), tokens(), tokens(), placing()],
  'F.positional_attention_weights': () => [tokens(), tokens(), placing()],
  'F.distances': () => [ids(), 4],
  'F.leading': () => [ids(), tensor([1])],
  'F.counted': () => [ids(), 1],
  'F.neighbours': () => [ids(), floats([4, 2]), 1],
  'F.ends': () => [ids(), 1],
  'F.embedding': () => [ids(), floats([4, 2]), 0],
  'F.linear': () => [x(), floats([2, 3]), floats([2])],
  'F.matmul': () => [x(), floats([3, 2])],
  'F.layer_norm': () => [x(), [3], floats([3]), floats([3]), 1e-5],
  'F.gelu': () => [x(), 'tanh'],
  'F.mul': () => [x(), y()],
  'F.scale': () => [x(), 2],
  'F.rms_norm': () => [x(), [3], floats([3]), 1e-5],
  'F.attention': () => [tokens(), tokens(), tokens(), attending()],
  'F.attention_scores': () => [tokens(), tokens(), { heads: 2, mask: mask(), scale: 1 }],
  'F.attention_weights': () => [tokens(), tokens(), attending()],
  'F.disentangled_attention': () => [tokens(), tokens(), tokens(), disentangling()],
  'F.disentangled_attention_weights': () => [tokens(), tokens(), disentangling()],
  'F.masked': () => [tokens(), mask()],
  'F.convolution': () => [tokens(), floats([6, 2, 3]), floats([6]), { groups: 2, mask: mask() }],
  'F.rotations': () => [ids(), floats([1]), 2],
  'F.apply_rotary': () => [tokens(), floats([...tokens().shape.slice(0, 2), 2]), { heads: 1, head_dim: 2 }],
  'F.weighted_mean_pool': () => [tokens(), mask(), mask()],
  'F.normalize': () => [x(), 2, 1, 1e-9],
  'F.activation': () => ['relu', x()],
  'F.cat': () => [[x(), y()], 0],
  'F.narrow': () => [x(), 0, 0, 1],
  'F.permute': () => [x(), [1, 0]],
  'F.select': () => [x(), 0, 1],
  'F.slice': () => [x(), 0, 0, 1],
  'F.transpose': () => [x(), 0, 1],

  'new nn.Parameter': () => [[2], (values: Float32Array) => values.fill(1)],
  'Parameter#initialise =': () => [(values: Float32Array) => values.fill(1)],
  'Parameter#store': () => ['bfloat16'],
  ...rows('Parameter#set Parameter#adopt', () => [Float32Array.of(1, 2)]),
  'new nn.Module': none,
  'new nn.Linear': () => [3, 2, true, { seed: 1 }],
  'new nn.Embedding': () => [4, 2, 0, { seed: 1 }],
  'new nn.LayerNorm': () => [[3], 1e-5, true, true],
  'new nn.RMSNorm': () => [[3], 1e-5, true],
  ...rows('ReLU SiLU', () => [false], 'new nn.'),
  ...rows('Tanh Sigmoid', none, 'new nn.'),
  'new nn.GELU': () => ['tanh'],
  'new nn.Softmax': () => [0],
  'new nn.Dropout': () => [0.5, false],
  'new nn.ModuleList': () => [[new nn.Tanh()]],
  'new nn.Sequential': () => [new nn.Tanh(), new nn.ReLU()],
  ...called('ReLU SiLU Tanh Sigmoid GELU Softmax Dropout Sequential Linear LayerNorm RMSNorm', () => [x()]),
  ...called('Embedding', () => [ids()]),
  ...rows('children named_parameters state_dict eval toString toJSON', none, 'Linear#'),
  ...rows('[nodejs.util.inspect.custom] [Deno.customInspect]', none, 'Linear#'),
  'Linear#named_modules': () => ['model'],
  'Linear#train': () => [false],
  'Linear#call_': () => [x()],
  ...rows('Linear Embedding LayerNorm RMSNorm GELU Softmax Dropout', none, '', '#extra_repr'),
  ...rows('Sequential#children Sequential#[Symbol.iterator]', none),

  ...Object.fromEntries(FAMILIES.map(({ Config }) => [`new ${Config.name}`, () => [{ ...sizesFor(Config, SIZES), id2label: { 0: 'a' } }]])),
  'new BertConfig': () => [shape],
  'BertConfig.from_dict': () => [shape, { hidden_act: 'gelu' }, 'a file', () => {}],
  'BertConfig.from_json_file': () => [configFile],
  'BertConfig.from_pretrained': () => [configFile, { ...reading, hidden_act: 'relu' }],
  ...rows('to_dict to_diff_dict most_tokens', none, 'BertConfig#'),
  'CamembertConfig#most_tokens': none,
  ...rows('T5Config XLNetConfig', none, '', '#most_tokens'),
  'MPNetConfig#most_tokens': none,
  'BertConfig#to_json_string': () => [false],
  'BertConfig#withFields': () => [{ vocab_size: 14 }, 'another'],

  ...perClass(({ family }) => [configFor(family), { seed: 1 }], 'new '),
  'new BertModel': () => [config, { seed: 1, add_pooling_layer: false }],
  'new SentenceEmbedder': () => [
    config,
    { seed: 1, pooling: ['mean', 'cls'], normalize: false, base: undefined, tokenizer, sentence: undefined },
  ],
  ...rows(KINDS.join(' '), () => [0]),
  'BertModel.from_pretrained': () => [FOLDER, { ...reading, hidden_act: 'relu', dtype: 'bf16', seed: 1, strict: false, config: undefined }],
  ...perClass(inputsOf, '', '()'),
  'BertModel#forward': () => inputsOf(BertModel),
  ...rows('BartModel BartForCausalLM T5ForConditionalGeneration T5ForQuestionAnswering', () => [ids(), mask()], '', '#forward'),
  'T5ForConditionalGeneration#forward': () => [ids(), mask(), ids(), mask()],
  ...rows('BertForPreTraining SentenceEmbedder', () => [ids(), tensor([[0, 0, 0]]), mask(), tensor([[0, 1, 2]])], '', '#forward'),
  'GPT2DoubleHeadsModel#forward': () => [ids(), mask(), tensor([[0, 0, 0]]), tensor([[0, 1, 2]]), tensor([1])],
  'BertForMultipleChoice#forward': () => inputsOf(BertForMultipleChoice),
  'BertModel#call_': () => [inputs()],
  ...rows('folders_beside trace_files tied', none, 'BertModel#'),
  ...rows('folders_beside trace_files tied', none, 'SentenceEmbedder#'),
  ...rows('DebertaForMaskedLM BertForPreTraining BartForCausalLM T5ForConditionalGeneration', none, '', '#tied'),
  ...rows('get_input_embeddings get_output_embeddings', none, 'BertModel#'),
  'BertModel#set_input_embeddings': () => [new nn.Embedding(config.vocab_size, config.hidden_size)],
  ...rows('BertModel BartForConditionalGeneration', () => [config.vocab_size, 1, false, { seed: 1 }], '', '#resize_token_embeddings'),
  ...rows(
    `AutoModel ${HEADS.join(' ')}`,
    () => [FOLDER, { ...reading, hidden_act: 'relu', dtype: 'bf16', seed: 1, strict: false, config: undefined }],
    '',
    '.from_pretrained',
  ),
  'AutoModelForSeq2SeqLM.from_pretrained': () => [fixture('zoo/t5-T5ForConditionalGeneration'), { ...reading, d_model: 24, strict: false }],
  'AutoModelForCausalLM.from_pretrained': () => [fixture('zoo/gpt2-scale-GPT2LMHeadModel'), { ...reading, n_positions: 48, strict: false }],
  'AutoConfig.from_pretrained': () => [configFile, { ...reading, hidden_act: 'relu' }],
  'AutoTokenizer.from_pretrained': () => [FOLDER, { ...reading, do_lower_case: true, never_split: ['was'] }],
  architecture: () => ['BertModel'],
  openCheckpoint: () => [FOLDER, reading],

  'new BertTokenizer': () => [making],
  'BertTokenizer.from_pretrained': () => [FOLDER, { ...reading, do_lower_case: true, never_split: ['was'] }],
  'BertTokenizer.from_files': () => [
    { 'vocab.txt': making.vocab.join('\n'), 'tokenizer_config.json': '{}', 'special_tokens_map.json': '{}', 'added_tokens.json': '{}' },
    { do_lower_case: false },
  ],
  'new PreTrainedTokenizerFast': () => [{ ...general, tokenizer_object: tokenizerObject }],
  'PreTrainedTokenizerFast.from_pretrained': () => [FOLDER, { ...reading, padding_side: 'left' }],
  'PreTrainedTokenizerFast.from_files': () => [{ 'tokenizer.json': JSON.stringify(tokenizerObject) }, { padding_side: 'left' }],
  'PreTrainedTokenizerFast()': () => ['jim', encoding],
  ...rows('() #call_ #encode #encode_plus #tokenize', () => ['jim', encoding], 'BertTokenizer'),
  ...rows('#batch_encode_plus', () => [['jim', ['was', 'a']], plain], 'BertTokenizer'),
  'BertTokenizer#encode_batch': () => [['jim', ['was', 'a']], plain],
  ...rows('decode convert_ids_to_tokens', () => [[5, 6], decoding], 'BertTokenizer#'),
  'BertTokenizer#batch_decode': () => [[[5, 6], [7]], decoding],
  ...rows('build_inputs_with_special_tokens create_token_type_ids_from_sequences', () => [[5, 6], [7]], 'BertTokenizer#'),
  'BertTokenizer#num_special_tokens_to_add': () => [true],
  'BertTokenizer#convert_tokens_to_ids': () => [['jim', 'was']],
  'BertTokenizer#convert_tokens_to_string': () => [['jim', '##son']],
  'BertTokenizer#largestId': () => [true],
  'BertTokenizer#continues_word': () => ['##son'],
  ...rows('files get_vocab', none, 'BertTokenizer#'),
  'BertTokenizer#add_tokens': () => [['frog', { content: 'toad', lstrip: true }], { special_tokens: true }],
  'BertTokenizer#add_special_tokens': () => [
    { pad_token: '<pad>', extra_special_tokens: ['<e>'] },
    { replace_extra_special_tokens: false },
  ],
  'BertTokenizer#save_pretrained': () => [join(FOLDER, 'saved'), { signal: signal() }],
  'BertConfig#save_pretrained': () => [join(FOLDER, 'config'), { signal: signal() }],
  'BertModel#save_pretrained': () => [join(FOLDER, 'model'), { signal: signal() }],
  'SentenceEmbedder#save_pretrained': () => [join(FOLDER, 'embedder'), { signal: signal() }],
  chunkText: () => [tokenizer, 'jim was a puppet', { tokens: 5, overlap: 1 }],

  'jit.trace': () => [relu, [floats([1, 2])], tracing],
  'jit.trace_module': () => [new Sided(), { forward: [floats([1, 2])], other: [floats([1, 2])] }, tracingMethods],
  'jit.serialize': () => [small, { _extra_files: { 'a.txt': 'a' }, signal: signal() }],
  'jit.save': () => [small, join(FOLDER, 'saved.tracelet'), { _extra_files: { 'a.txt': 'a' }, signal: signal() }],
  'jit.load': () => [smallFile, { ...reading, kernels: 'baseline', integers: 'dot16', threads: 1, worker: false, _extra_files: {} }],
  'jit.open_script': () => [readFileSync(fixture('programs/hf4.57-torch2.2-own-mlp-script.pt')), { ...reading, input_names: ['x'] }],
  quantize: () => [small, quantizing],
  'new jit.TracingCheckError': () => [{ what: 'a thing', expected: 'one', got: 'another' }],
  'new TraceletError': () => ['value', { what: 'a thing', expected: 'one', got: 'another', cure: 'Do that' }],
  ...called('TracedModule', () => [inputs()]),
  'TracedModule.[Symbol.hasInstance]': () => [small],
  'TracedModule#run': () => [inputs(), { signal: signal(), outputs: ['sentence_embedding'] }],
  'TracedModule#pad': () => [inputs(), { pad_token_id: 1 }],
  'TracedModule#encode': () => ['jim', 'was', ofTexts],
  ...rows('embed embedEach', () => [['jim', ['was', 'a']], embedding], 'TracedModule#'),
  ...rows('flops plan estimate', () => [{ batch: 2, sequence: 4, tokens: 5 }], 'TracedModule#'),
  'TracedModule#profile': () => [inputs(), { seconds: 1e-6, kernels: 'baseline' }],
  'TracedModule#verify': () => ['baseline'],
  ...rows('explain toString expectIdle', none, 'TracedModule#'),
  'TracedModule#dispose': none,

  'CrossEncoder.from_pretrained': () => [folderOf('pairs'), opening],
  'CrossEncoder#predict': () => [['jim', 'was'], scoring],
  'CrossEncoder#rank': () => ['jim', ['was', 'a'], { ...scoring, top_k: 1, return_documents: true }],
  'CrossEncoder#save': () => [join(FOLDER, 'encoder.tracelet'), { signal: signal() }],
  'CrossEncoder#dispose': none,
  handler: () => [
    { model: traced },
    {
      ...{ api_keys: ['a'], cors: '*', auto_truncate: false, log: () => {}, client: () => 'a' },
      ...{
        max_concurrent_requests: 1,
        max_batch_tokens: 9,
        max_batch_requests: 1,
        max_client_batch_size: 1,
        payload_limit: 9,
        body_timeout: 9,
      },
    },
  ],
  embeddingModel: () => [traced, { modelId: 'a', prompt: 'a', truncate: true, truncate_dim: 1, normalize: true }],
  rerankingModel: () => [scorer, { modelId: 'a', truncate: true }],
  workersAI: () => [{ model: traced }],
  'new TraceletEmbeddings': () => [transformer, { truncate: true, truncate_dim: 1, normalize_embeddings: true, batchTokens: 9 }],
  'TraceletEmbeddings#embedDocuments': () => [['jim']],
  'TraceletEmbeddings#embedQuery': () => ['jim'],
  'new TraceletRerank': () => [scorer, { topN: 1, truncate: true }],
  'TraceletRerank#compressDocuments': () => [[{ pageContent: 'jim', metadata: {} }], 'was'],
  pipeline: () => ['text-classification', folderOf('pairs'), { ...reading, ...piping }],
  ...rows('() #call_', () => [['jim', { text: 'was', text_pair: 'a' }], classifying], 'Pipeline'),
  'Pipeline#save': () => [join(FOLDER, 'pipeline.tracelet'), { signal: signal() }],
  'Pipeline#dispose': none,
  'SentenceTransformer.from_pretrained': () => [folderOf('vectors'), opening],
  ...rows('encode encode_query encode_document', () => [['jim', 'was'], vectors], 'SentenceTransformer#'),
  ...rows('similarity similarity_pairwise', () => [x(), y()], 'SentenceTransformer#'),
  'SentenceTransformer#get_embedding_dimension': none,
  'SparseEncoder.from_pretrained': () => [folderOf('words'), opening],
  ...rows('encode encode_query encode_document', () => [['jim', 'was'], { ...running, max_active_dims: 2 }], 'SparseEncoder#'),
  'SparseEncoder#similarity': () => [sparse(), sparse()],
  'SparseEncoder#decode': () => [sparse(), { top_k: 1 }],
  'SparseEncoder#get_embedding_dimension': none,
  'MultiVectorEncoder.from_pretrained': () => [folderOf('tokens'), opening],
  ...rows('encode encode_query encode_document', () => [['jim', 'was'], { ...running, normalize_embeddings: true }], 'MultiVectorEncoder#'),
  'MultiVectorEncoder#similarity': () => [[x()], y()],
  'MultiVectorEncoder#get_embedding_dimension': none,
  semantic_search: () => [x(), y(), { top_k: 1, score_function: 'dot', threads: 1, signal: signal() }],
  'VectorIndex.create': () => [{ precision: 'float32', score_function: 'dot', threads: 1 }],
  'VectorIndex.load': () => [join(FOLDER, 'vectors.safetensors'), { ...reading, score_function: 'dot', threads: 1 }],
  'VectorIndex#add': () => [floats([2, 3]), { signal: signal() }],
  'VectorIndex#search': () => [floats([2, 3]), { top_k: 1, signal: signal() }],
  'VectorIndex#save': () => [join(FOLDER, 'vectors.safetensors'), { signal: signal() }],
  'VectorIndex#serialize': () => [{ signal: signal() }],
  'VectorIndex#dispose': none,
  quantize_embeddings: () => [x(), 'int8', { ranges: x(), calibration_embeddings: x() }],
  similarity: () => [
    [1, 2],
    [2, 3],
  ],
  withKernels: () => ['baseline', () => 1],
  bestVariant: none,
};

/** Where anything may stand: a file may say whatever it likes, and so may what is read of it. */
export const IGNORING: Readonly<Record<string, readonly string[]>> = {
  'TraceletRerank#compressDocuments': ['(0)[0].metadata', '(0)[0].metadata.nonsense', '(0)[0].nonsense'],
  'BertTokenizer.from_files': ['(0).nonsense'],
  'new BertTokenizer': ['(0).eos_token.nonsense', '(0).added_tokens[0].nonsense'],
  'new PreTrainedTokenizerFast': ['(0).eos_token.nonsense', '(0).added_tokens[0].nonsense'].concat(
    ['normalizer', 'pre_tokenizer', 'post_processor.single[0].SpecialToken', 'post_processor.single[0]']
      .concat(['post_processor.pair[0].SpecialToken', 'post_processor.pair[0]', 'post_processor', 'decoder', 'model'])
      .map((part) => `(0).tokenizer_object.${part}.nonsense`),
    '(0).tokenizer_object.nonsense',
  ),
  'PreTrainedTokenizerFast.from_files': ['(0).nonsense'],
  'TracedModule.[Symbol.hasInstance]': ['(0)'],
  'SparseEncoder#decode': ['(0).nonsense'],
  'SparseEncoder#similarity': ['(0).nonsense', '(1).nonsense'],
  ...Object.fromEntries(KINDS.map((name) => [name, ['(0)']])),
};

/** Calls that would rightly take as long as they were told to. */
export const LONG = /^TracedModule#profile( |\(0\)|\(1\)(\.seconds|\.nonsense)?$)/;

/** What another of the list is as well, under another name: spoiled with one kind of junk alone. */
export const ALIKE = /^(AutoModelFor(?!MaskedLM)|(Sparse|Cross|MultiVector)Encoder\.from_pretrained)/;

/** What makes, opens or saves a model with each call: a place is spoiled with fewer kinds of junk, and the next place with others. */
export const COSTLY = /^((new )?\w+(Model|For[A-Z]\w+)(\(\))?|Auto\w+\.from_pretrained|\w+#save(_pretrained)?)$/;

/** What traces a model with each call: with fewer still. */
export const TRACING = /^(pipeline|SentenceTransformer\.from_pretrained)$/;

/** What is for the library itself: its table of ops, and what classes call of each other. */
export const WITHIN =
  /^OPS\.|#(method_|tracedFor|encode_|operand|reshaped|taken|refuseTraining|post_init|answer|summary|scores|features|states|through|init_weights|embedded|encoded|decoded|relative_positional_encoding|decoderIdsOf|pooled|positionsOf|typesOf|meant|prepare|prepareRun|besides|prompting|result|start|queued)$|\.(encoder_path|options_beside|config_class)$/;
