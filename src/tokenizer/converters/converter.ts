import type { JsonObject } from '../../base/json.ts';
import type { AddedToken } from '../added.ts';
import type { Role } from '../roles.ts';
import type { TokenizerOptions } from '../settings.ts';

/** Tokens by their roles, as a class of transformers has them where files do not say otherwise. */
export type RoleTokens = Partial<Record<Role, string | AddedToken>>;

/** What a tokenizer_config.json says, with the contents of the tokens of roles. */
export interface Configured {
  config: JsonObject;
  /** The token of a role, which the class has one of in any case. */
  token(role: Role): string;
}

/** How a class of transformers reads the files that it had before tokenizer.json, as its converters do (`convert_slow_tokenizer`). */
export interface Converter<Vocabulary> {
  roles: RoleTokens;
  /** Other options that it has where files do not say otherwise. */
  options?: TokenizerOptions;
  /** The tokenizer.json that means the same. */
  json(vocabulary: Vocabulary, configured: Configured): JsonObject;
}

/** A token that takes in the spaces before it. */
export const maskToken = (content: string): AddedToken => ({ content, lstrip: true });

/** Those of RoBERTa and its kin. */
export const ROBERTA_ROLES: RoleTokens = {
  bos_token: '<s>',
  eos_token: '</s>',
  unk_token: '<unk>',
  sep_token: '</s>',
  pad_token: '<pad>',
  cls_token: '<s>',
  mask_token: maskToken('<mask>'),
};
