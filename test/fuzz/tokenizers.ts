import { TraceletError } from '../../src/base/error.ts';
import '../../src/tokenizer/all.ts';
import { tokenizerFrom } from '../../src/tokenizer/auto.ts';
import { filesIn } from '../../src/tokenizer/files.ts';
import type { PreTrainedTokenizerFast, TokenizerFiles } from '../../src/tokenizer/index.ts';
import { sentencePieces } from '../support/sentencepieces.ts';
import { bertJson } from '../support/tokenizerjson.ts';
import { unigramJson } from '../support/unigram.ts';
import { mutateFolder } from './folders.ts';
import { bytesOfJson, bytesOfText, type Files, Finding, type Kind, must, type Use } from './kind.ts';
import type { Random } from './random.ts';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const VOCAB = [...SPECIAL, 'jim', 'é', 'e', '##s', '中', 'x', '_', 'un', '##known', '##a', '.', ',', '##x', 'İ', 'ß'];
const added = (id: number, content: string, flags = {}) => ({ id, content, special: true, normalized: false, ...flags });
const specials = SPECIAL.map((content, id) => added(id, content));
const json = (more: object = {}) => bytesOfJson({ ...bertJson(VOCAB), added_tokens: specials, ...more });
const vocab = (words = VOCAB) => bytesOfText(`${words.join('\n')}\n`);

const PAIRS = {
  vocab: { '<s>': 0, '</s>': 1, '<unk>': 2, '<pad>': 3, '<mask>': 4, J: 5, i: 6, m: 7, Ji: 8, Jim: 9, Ġ: 10, ĠJim: 11, x: 12 },
  merges: ['J i', 'Ji m', 'Ġ Jim'],
};
const ROBERTA = { type: 'RobertaProcessing', cls: ['<s>', 0], sep: ['</s>', 1] };

const SEEDS: Record<string, Files> = {
  json: { 'tokenizer.json': json() },
  'json, config': {
    'tokenizer.json': json(),
    'tokenizer_config.json': bytesOfJson({
      tokenizer_class: 'BertTokenizer',
      do_lower_case: false,
      model_max_length: 6,
      pad_token: '[PAD]',
    }),
  },
  'json, added': {
    'tokenizer.json': json({
      added_tokens: [
        ...specials,
        added(20, '<a b>', { lstrip: true }),
        added(21, 'word', { single_word: true, special: false, normalized: true }),
      ],
    }),
  },
  'json, sides': {
    'tokenizer.json': json({
      truncation: { direction: 'Left', max_length: 4, strategy: 'LongestFirst', stride: 0 },
      padding: { strategy: { Fixed: 8 }, direction: 'Left', pad_id: 0, pad_type_id: 0, pad_token: '[PAD]' },
      post_processor: { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
    }),
  },
  'json, extra': {
    'tokenizer.json': json(),
    'tokenizer_config.json': bytesOfJson({
      extra_special_tokens: { image_token: '<image>' },
      additional_special_tokens: ['<s>', { content: '<t>', lstrip: true }],
    }),
  },
  unigram: {
    'tokenizer.json': bytesOfJson({ ...unigramJson(), padding: { pad_token: '<unk>' } }),
    'tokenizer_config.json': bytesOfJson({ bos_token: '<s>', pad_token: '<unk>' }),
  },
  'unigram, parts': {
    'tokenizer.json': bytesOfJson({
      ...unigramJson(),
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '▁' },
          { type: 'NFKD' },
          { type: 'StripAccents' },
          { type: 'Strip' },
        ],
      },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [{ type: 'WhitespaceSplit' }, { type: 'Punctuation' }, { type: 'Metaspace', replacement: '▁' }],
      },
      decoder: {
        type: 'Sequence',
        decoders: [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' }],
      },
      padding: { pad_token: '<s>' },
    }),
  },
  bpe: {
    'tokenizer.json': bytesOfJson({
      normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Prepend', prepend: 'x' }] },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: "(?i:'s|'t)|\\p{L}+|\\s+(?!\\S)|\\s+" }, behavior: 'Isolated', invert: false },
          { type: 'ByteLevel', add_prefix_space: true, use_regex: false },
        ],
      },
      model: { type: 'BPE', ...PAIRS, unk_token: '<unk>', fuse_unk: true, byte_fallback: true },
      post_processor: { type: 'Sequence', processors: [{ type: 'ByteLevel' }, ROBERTA] },
      decoder: { type: 'ByteLevel' },
    }),
  },
  words: {
    'tokenizer.json': bytesOfJson({
      pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Whitespace' }, { type: 'Digits', individual_digits: true }] },
      model: { type: 'WordLevel', vocab: { '<unk>': 0, Jim: 1, x: 2 }, unk_token: '<unk>' },
    }),
  },
  'byte pairs': {
    'vocab.json': bytesOfJson(PAIRS.vocab),
    'merges.txt': bytesOfText(PAIRS.merges.join('\n')),
    'tokenizer_config.json': bytesOfJson({ tokenizer_class: 'RobertaTokenizer', add_prefix_space: true }),
  },
  'sentencepiece.model': {
    'sentencepiece.bpe.model': sentencePieces(
      ['<unk>', 0, 2],
      ['<s>', 0, 3],
      ['</s>', 0, 3],
      ['\u2581', -2, 1],
      ['x', -1, 1],
      ['Jim', -1, 4],
    ),
    'config.json': bytesOfJson({ model_type: 'xlm-roberta' }),
  },
  vocab: { 'vocab.txt': vocab() },
  'vocab, config': {
    'vocab.txt': vocab(),
    'tokenizer_config.json': bytesOfJson({ do_lower_case: false, strip_accents: true, tokenize_chinese_chars: false, never_split: ['un'] }),
  },
  'vocab, map': {
    'vocab.txt': vocab(),
    'special_tokens_map.json': bytesOfJson({
      cls_token: '[CLS]',
      mask_token: { content: '[MASK]', lstrip: true },
      additional_special_tokens: ['<e>'],
    }),
  },
  'vocab, added': { 'vocab.txt': vocab(), 'added_tokens.json': bytesOfJson({ '<e1>': 20, '</e1>': 21, covid19: 22 }) },
  'vocab, decoder': {
    'vocab.txt': vocab(),
    'tokenizer_config.json': bytesOfJson({
      added_tokens_decoder: { 0: { content: '[PAD]', special: true }, 20: { content: '<x>', rstrip: true } },
    }),
    'added_tokens.json': bytesOfJson({ '<x>': 20 }),
  },
  'few special tokens': {
    'vocab.txt': vocab(['[UNK]', '[CLS]', '[SEP]', 'want', '##want', '##ed', 'wa', 'un', 'runn', '##ing', ',', 'low', 'lowest']),
  },
  all: {
    'tokenizer.json': json(),
    'vocab.txt': vocab(),
    'tokenizer_config.json': bytesOfJson({ tokenizer_class: 'PreTrainedTokenizerFast', padding_side: 'left' }),
    'special_tokens_map.json': bytesOfJson({ pad_token: '[PAD]' }),
    'added_tokens.json': bytesOfJson({ '<z>': 20 }),
  },
};

/** Texts that are rarely typed. */
const PIECES = [
  '',
  ' ',
  'Jim',
  'é',
  'e\u0301',
  'JIM és',
  '中x',
  '[MASK]',
  '[CLS] [SEP]',
  '<e1>',
  ' <a b> ',
  'word',
  'unknowna.x,',
  '\ud800',
  '\udc00',
  '\0',
].concat('\u200b', '\u00a0', '\ufffd', '\u{1f600}', 'İß', '\u0344', '##s', '_', '\r\n\t', 'x'.repeat(150), '한', '<image>', '\u202e', '[');

const textFrom = (random: Random): string => Array.from({ length: random.below(6) }, () => random.pick(PIECES)).join('');

const textsOf = (files: Files): TokenizerFiles => filesIn(new Map(Object.entries(files)));

function reloaded(tokenizer: PreTrainedTokenizerFast): PreTrainedTokenizerFast {
  const files = tokenizer.files();
  try {
    return tokenizerFrom(files);
  } catch (error) {
    if (error instanceof TraceletError) throw new Finding(`its own files are refused: ${error.message}`);
    throw error;
  }
}

/** A vocabulary may do without a token for what it does not cover, as long as it covers a text, and parts may feed one another where none grows it. */
const isRefused = (error: unknown): boolean =>
  error instanceof TraceletError && /^unk_(id|token) of the model|^the pre_tokenizer of|^tokenizer\.json$/.test(error.what);

function useText(tokenizer: PreTrainedTokenizerFast, again: PreTrainedTokenizerFast, text: string, pair: string | null): void {
  const options = { return_offsets_mapping: true, return_special_tokens_mask: true } as const;
  const encoding = tokenizer.encode_plus(text, pair, options);
  const { input_ids, offset_mapping = [], tokens } = encoding;
  must(
    JSON.stringify(again.encode_plus(text, pair, options)) === JSON.stringify(encoding),
    `saved and read again it encodes ${JSON.stringify([text, pair])} otherwise`,
  );
  must(
    input_ids.every((id) => Number.isSafeInteger(id) && id >= 0),
    `ids ${input_ids} of ${JSON.stringify(text)}`,
  );
  must(
    tokens.length === input_ids.length && offset_mapping.length === input_ids.length,
    `${tokens.length} tokens, ${input_ids.length} ids`,
  );
  const longest = Math.max(text.length, pair?.length ?? 0);
  must(
    offset_mapping.every(([start, end]) => start >= 0 && start <= end && end <= longest),
    `offsets ${offset_mapping} in ${JSON.stringify(text)}`,
  );
  const decoded = tokenizer.decode(input_ids);
  must(typeof decoded === 'string' && again.decode(input_ids) === decoded, `saved and read again it decodes ${input_ids} otherwise`);
  tokenizer.decode(input_ids, { skip_special_tokens: true });
}

function useTokenizer(tokenizer: PreTrainedTokenizerFast, random: Random): void {
  const again = reloaded(tokenizer);
  must(JSON.stringify(again.files()) === JSON.stringify(tokenizer.files()), 'saved, read and saved again it is other files');
  for (let i = 0; i < 4; i++) useText(tokenizer, again, textFrom(random), random.chance(0.3) ? textFrom(random) : null);
  tokenizer([textFrom(random), 'jim'], {
    padding: JSON.parse(tokenizer.files()['tokenizer_config.json']).pad_token !== null,
    truncation: true,
    max_length: 6 + tokenizer.num_special_tokens_to_add(),
  });
  useRows(tokenizer, textFrom(random));
  tokenizer.add_tokens(['zz', { content: 'y y', lstrip: true }]);
  tokenizer.add_special_tokens({ eos_token: '<e>' });
  useText(tokenizer, reloaded(tokenizer), 'a zz  y y<e>', textFrom(random));
}

function useRows(tokenizer: PreTrainedTokenizerFast, text: string): void {
  const max_length = 6 + tokenizer.num_special_tokens_to_add();
  const repeats = tokenizer.build_inputs_with_special_tokens([0]).length !== 1 + tokenizer.num_special_tokens_to_add();
  const batch = tokenizer([text], { truncation: true, max_length, stride: 1, return_overflowing_tokens: true });
  for (const [i, row] of batch.input_ids.entries()) {
    const [words, sequences] = [batch.word_ids(i), batch.sequence_ids(i)];
    const isAligned = words.length === row.length && words.every((word, at) => (word === null) === (sequences[at] === null));
    must(isAligned && (repeats || row.length <= max_length), `row ${i} of ${JSON.stringify(text)}: ${row}, of words ${words}`);
  }
}

async function use({ files, random, accept }: Use): Promise<void> {
  const tokenizer = tokenizerFrom(textsOf(files));
  accept();
  try {
    useTokenizer(tokenizer, random);
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
}

/** The files of a tokenizer. */
export const tokenizers: Kind = {
  seeds: async () => SEEDS,
  mutate: (files: Files, random: Random) => mutateFolder(files, random, () => true),
  use,
};
