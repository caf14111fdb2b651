import { TraceletError } from '../../../base/error.ts';
import type { JsonObject } from '../../../base/json.ts';
import type { SentencePiece, SentencePieceModel } from './model.ts';

/** A piece with its score, as tokenizer.json has it. */
export type Scored = readonly [piece: string, score: number];

export const scored = ({ piece, score }: SentencePiece): Scored => [piece, score];

/** How a class changes what a model of SentencePiece says. */
export interface Changes {
  /** The pieces, and which of them is unknown. */
  vocab?: (pieces: readonly SentencePiece[]) => readonly Scored[];
  unknown?: number;
  /** Normalizers before the rules of the model, and behind them. */
  before?: readonly JsonObject[];
  behind?: readonly JsonObject[];
  /** Pre-tokenizers before the one that marks spaces. */
  splits?: readonly JsonObject[];
  addsSpace?: boolean;
}

/** Trailing spaces go, and several become one that begins a word. */
const TIDY = [
  { type: 'Strip', strip_left: false, strip_right: true },
  { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '▁' },
];

/** The tokenizer.json of a model of SentencePiece, but for special tokens that stand around texts. */
export function sentencePieceJson(model: SentencePieceModel, changes: Changes = {}): JsonObject {
  const { splits = [], addsSpace = true } = changes;
  const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: addsSpace ? 'always' : 'never', split: true };
  const vocab = changes.vocab?.(model.pieces) ?? model.pieces.map(scored);
  const unknown = changes.unknown ?? model.unkId;
  if (vocab[unknown] === undefined)
    throw new TraceletError('format', {
      what: 'unk_id of the model of SentencePiece',
      expected: `an id below ${vocab.length}`,
      got: `${unknown}`,
    });
  return {
    normalizer: { type: 'Sequence', normalizers: [...(changes.before ?? []), ...rulesOf(model), ...(changes.behind ?? TIDY)] },
    pre_tokenizer: splits.length > 0 ? { type: 'Sequence', pretokenizers: [...splits, metaspace] } : metaspace,
    decoder: metaspace,
    model: modelJson(model, vocab, unknown),
    added_tokens: addedTokens(model, vocab),
  };
}

const rulesOf = ({ normalizer: { charsmap } }: SentencePieceModel): JsonObject[] =>
  charsmap.length > 0 ? [{ type: 'Precompiled', precompiled_charsmap: base64(charsmap) }] : [];

export function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 4096) binary += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return btoa(binary);
}

/** Pieces that text cannot spell, and those that are found before all others. */
function addedTokens({ pieces }: SentencePieceModel, vocab: readonly Scored[]): JsonObject[] {
  const types = new Map(pieces.map(({ piece, type }) => [piece, type]));
  return vocab.flatMap(([content], id) => {
    const type = types.get(content);
    if (type !== 'control' && type !== 'user-defined') return [];
    return [{ id, content, normalized: false, special: type === 'control' }];
  });
}

function modelJson(
  { type, byteFallback: byte_fallback, unkPiece }: SentencePieceModel,
  vocab: readonly Scored[],
  unk_id: number,
): JsonObject {
  if (type === 'unigram') return { type: 'Unigram', vocab, unk_id, byte_fallback };
  if (type === 'bpe') {
    const ids = new Map(vocab.map(([piece], id) => [piece, id]));
    return {
      type: 'BPE',
      vocab: Object.fromEntries(ids),
      merges: mergesOf(vocab, ids),
      unk_token: unkPiece,
      fuse_unk: true,
      byte_fallback,
    };
  }
  throw new TraceletError('unsupported', { what: 'model_type of the model of SentencePiece', expected: 'unigram or bpe', got: type });
}

const LONGEST = 2 ** 10;

/** Every way to make a piece of two others: the better pieces first, of a piece the one whose halves are longer first. */
function mergesOf(vocab: readonly Scored[], ids: ReadonlyMap<string, number>): [left: string, right: string][] {
  const ways = vocab.flatMap(([piece, score]) => {
    if (piece.length > LONGEST)
      throw new TraceletError('format', {
        what: 'a piece of SentencePiece',
        expected: `at most ${LONGEST} characters`,
        got: `${piece.length}`,
      });
    const cuts = Array.from({ length: Math.max(0, piece.length - 1) }, (_, i) => [piece.slice(0, i + 1), piece.slice(i + 1)] as const);
    const known = cuts.filter(([left, right]) => ids.has(left) && ids.has(right));
    const order = (a: readonly [string, string], b: readonly [string, string]) =>
      (ids.get(a[0]) as number) - (ids.get(b[0]) as number) || (ids.get(a[1]) as number) - (ids.get(b[1]) as number);
    return known.sort(order).map(([left, right]) => ({ left, right, score }));
  });
  const lengthOf = (text: string): number => Array.from(text).length;
  ways.sort((a, b) => b.score - a.score || lengthOf(b.left) - lengthOf(a.left) || lengthOf(b.right) - lengthOf(a.right));
  return ways.map(({ left, right }) => [left, right]);
}
