import type { JsonObject } from '../../../base/json.ts';
import { base64 } from './convert.ts';
import type { NormalizerSpec, SentencePieceModel } from './model.ts';

/** A tokenizer.json that means what a model of SentencePiece says by itself: to the ids, pieces and texts of its own library. */
export function plainJson(model: SentencePieceModel): JsonObject {
  const { pieces, type: model_type, byteFallback: byte_fallback, treatWhitespaceAsSuffix: treat_whitespace_as_suffix } = model;
  const named = (type: string): string[] => pieces.flatMap((piece) => (piece.type === type ? [piece.piece] : []));
  const { add_dummy_prefix, remove_extra_whitespaces } = specJson(model.normalizer);
  return {
    normalizer: {
      type: 'SentencePiece',
      ...specJson(model.normalizer),
      treat_whitespace_as_suffix,
      user_defined_symbols: named('user-defined'),
    },
    model: {
      type: 'SentencePiece',
      model_type,
      vocab: pieces.map(({ piece, score, type }) => [piece, score, type]),
      byte_fallback,
      treat_whitespace_as_suffix,
    },
    decoder: {
      type: 'SentencePiece',
      add_dummy_prefix,
      remove_extra_whitespaces,
      byte_fallback,
      control_symbols: named('control'),
      unk_piece: named('unknown')[0],
      ...(model.unkSurface !== undefined && { unk_surface: model.unkSurface }),
      ...(model.denormalizer.charsmap.length > 0 && { denormalizer: specJson(model.denormalizer) }),
    },
    added_tokens: pieces.flatMap(({ piece, type }, id) =>
      type === 'control' ? [{ id, content: piece, normalized: false, special: true }] : [],
    ),
  };
}

const specJson = ({ charsmap, addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces }: NormalizerSpec): JsonObject => ({
  ...(charsmap.length > 0 && { precompiled_charsmap: base64(charsmap) }),
  add_dummy_prefix: addDummyPrefix,
  remove_extra_whitespaces: removeExtraWhitespaces,
  escape_whitespaces: escapeWhitespaces,
});
