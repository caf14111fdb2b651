import { isObject } from '../../base/json.ts';
import { partOf, type Registry } from '../fields.ts';
import type { Model } from '../interfaces.ts';
import { readWordPiece } from './wordpiece.ts';

/** Readers of models by their types: BERT's, and all of them with `tokenizer/all.ts`. */
export const MODELS: Registry<Model> = { WordPiece: readWordPiece };

/** The model of tokenizer.json. Throws `config`, `format` and `unsupported` errors. */
export const modelOf = (value: unknown): Model => partOf('model', typed(value), MODELS);

const WORD_PIECE = ['unk_token', 'continuing_subword_prefix', 'max_input_chars_per_word', 'vocab'];

/** The model, with the type that its fields tell where older files have none. */
export function typed(model: unknown): unknown {
  if (!isObject(model) || model.type !== undefined) return model;
  if (model.merges !== undefined) return { ...model, type: 'BPE' };
  if (Array.isArray(model.vocab)) return { ...model, type: 'Unigram' };
  return { ...model, type: WORD_PIECE.every((name) => name in model) ? 'WordPiece' : 'WordLevel' };
}
