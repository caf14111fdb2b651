import type { JsonObject } from '../../../base/json.ts';
import type { Configured, Converter, RoleTokens } from '../converter.ts';
import { maskToken, ROBERTA_ROLES } from '../converter.ts';
import { templateJson } from '../template.ts';
import { type Changes, type Scored, scored, sentencePieceJson } from './convert.ts';
import type { SentencePiece, SentencePieceModel } from './model.ts';
import { plainJson } from './plain.ts';

type Templates = readonly [single: string, pair: string];

/** A class whose changes and templates may depend on what it is configured with. */
const converter = (
  roles: RoleTokens,
  changes: (configured: Configured) => Changes,
  templates: (configured: Configured) => Templates | undefined,
): Converter<SentencePieceModel> => ({
  roles,
  json(model, configured) {
    const json = sentencePieceJson(model, changes(configured));
    const around = templates(configured);
    return around ? { ...json, post_processor: templateJson(...around, idsOf(json)) } : json;
  },
});

function idsOf({ model }: JsonObject): (token: string) => number | undefined {
  const { vocab } = model as { vocab: readonly Scored[] | Record<string, number> };
  const ids = new Map(Array.isArray(vocab) ? vocab.map(([piece], id) => [piece as string, id]) : Object.entries(vocab));
  return (token) => ids.get(token);
}

const zero = (...pieces: string[]): Scored[] => pieces.map((piece) => [piece, 0]);
const without = (count: number, pieces: readonly SentencePiece[]): Scored[] => pieces.slice(count).map(scored);

/** As RoBERTa: two separators between texts. */
const doubled = ({ token }: Configured): Templates => {
  const [cls, sep] = [token('cls_token'), token('sep_token')];
  return [`${cls} $A ${sep}`, `${cls} $A ${sep} ${sep} $B ${sep}`];
};
/** As BERT. */
const framed = ({ token }: Configured): Templates => {
  const [cls, sep] = [token('cls_token'), token('sep_token')];
  return [`${cls} $A ${sep}`, `${cls} $A ${sep} $B:1 ${sep}:1`];
};
const closed = ({ token }: Configured): Templates => {
  const eos = token('eos_token');
  return [`$A ${eos}`, `$A ${eos} $B ${eos}`];
};

const replace = (text: string, content: string): JsonObject => ({ type: 'Replace', pattern: { String: text }, content });
const ONE_SPACE = { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' };

/** ALBERT and XLNet: quotes are one character, accents go unless they are kept, and numbers with commas come last. */
const albert = ({ config }: Configured): Changes => ({
  vocab: (pieces) => pieces.map(({ piece, score }) => [piece, /[0-9],$/.test(piece) ? score - 100 : score]),
  before: [
    replace('``', '"'),
    replace("''", '"'),
    ...(config.keep_accents ? [] : [{ type: 'NFKD' }, { type: 'StripAccents' }]),
    ...(config.do_lower_case ? [{ type: 'Lowercase' }] : []),
  ],
  behind: [ONE_SPACE],
});

/** A model of which no class is known: what it says, with nothing around texts, in which control pieces are not spelled. */
export const PLAIN: Converter<SentencePieceModel> = { roles: {}, options: { split_special_tokens: true }, json: plainJson };

/** Classes of transformers, without Tokenizer and TokenizerFast, that read a model of SentencePiece. */
export const SENTENCE_PIECE: Readonly<Record<string, Converter<SentencePieceModel>>> = {
  Albert: converter(
    {
      bos_token: '[CLS]',
      eos_token: '[SEP]',
      unk_token: '<unk>',
      sep_token: '[SEP]',
      pad_token: '<pad>',
      cls_token: '[CLS]',
      mask_token: maskToken('[MASK]'),
    },
    ({ config, token }) => albert({ config: { do_lower_case: true, ...config }, token }),
    framed,
  ),
  Camembert: converter(
    ROBERTA_ROLES,
    () => ({
      vocab: (pieces) => [
        ...zero('<s>NOTUSED', '<pad>', '</s>NOTUSED', '<unk>'),
        ['<unk>NOTUSED', -100],
        ...without(1, pieces),
        ...zero('<mask>'),
      ],
      unknown: 3,
    }),
    doubled,
  ),
  DebertaV2: converter(
    {
      bos_token: '[CLS]',
      eos_token: '[SEP]',
      unk_token: '[UNK]',
      sep_token: '[SEP]',
      pad_token: '[PAD]',
      cls_token: '[CLS]',
      mask_token: '[MASK]',
    },
    ({ config }) => ({
      before: [...(config.do_lower_case ? [{ type: 'Lowercase' }] : []), { type: 'Strip', strip_left: true, strip_right: true }],
      behind: [ONE_SPACE],
      splits: config.split_by_punct ? [{ type: 'Punctuation', behavior: 'Isolated' }] : [],
    }),
    framed,
  ),
  T5: converter(
    { eos_token: '</s>', unk_token: '<unk>', pad_token: '<pad>' },
    ({ config }) => ({
      vocab: (pieces) => [...pieces.map(scored), ...zero(...extraIds(config))],
    }),
    closed,
  ),
  XLMRoberta: converter(
    ROBERTA_ROLES,
    () => ({
      vocab: (pieces) => [...zero('<s>', '<pad>', '</s>', '<unk>'), ...without(3, pieces), ...zero('<mask>')],
      unknown: 3,
    }),
    doubled,
  ),
  XLNet: converter(
    {
      bos_token: '<s>',
      eos_token: '</s>',
      unk_token: '<unk>',
      sep_token: '<sep>',
      pad_token: '<pad>',
      cls_token: '<cls>',
      mask_token: maskToken('<mask>'),
    },
    albert,
    ({ token }) => {
      const [sep, cls] = [token('sep_token'), token('cls_token')];
      return [`$A ${sep} ${cls}:2`, `$A ${sep} $B:1 ${sep}:1 ${cls}:2`];
    },
  ),
};

/** The names of T5's sentinels, the last first. */
function extraIds({ extra_ids = 100 }: JsonObject): string[] {
  const count = Number.isInteger(extra_ids) && (extra_ids as number) >= 0 && (extra_ids as number) <= 2 ** 16 ? (extra_ids as number) : 100;
  return Array.from({ length: count }, (_, i) => `<extra_id_${count - 1 - i}>`);
}
