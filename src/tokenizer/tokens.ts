import { Callable } from '../base/callable.ts';
import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { checkOptions, type OptionTable, proved } from '../base/options.ts';
import { FLAG, kind, TEXT } from '../base/schema.ts';
import { type Tensor, tensorLike } from '../tensor/tensor.ts';
import { ROLES } from './roles.ts';
import { roleOf, type Settings } from './settings.ts';
import type { Vocab } from './vocab.ts';

/** Ids as any method takes them: one, a list, or a one-dimensional integer tensor. */
export type Ids = number | readonly number[] | Tensor;

export interface DecodeOptions {
  /** Leaves out special tokens. Default false. */
  skip_special_tokens?: boolean | null;
  /** Default: the setting of the tokenizer. */
  clean_up_tokenization_spaces?: boolean | null;
}

export const DECODE_OPTIONS: OptionTable<DecodeOptions> = { skip_special_tokens: FLAG, clean_up_tokenization_spaces: FLAG };

const TOKENS = kind<unknown>('a token or an array of tokens', (value) => typeof value === 'string' || Array.isArray(value));
const WHOLE = kind<number>('a whole number', Number.isInteger);

/** The tokens of a tokenizer by their names, ids and roles. */
export abstract class Tokens extends Callable {
  readonly #settings: Settings;
  readonly #vocab: Vocab;
  readonly #idByAdded: ReadonlyMap<string, number>;
  readonly #addedById: ReadonlyMap<number, string>;
  readonly #specialIds: ReadonlySet<number>;

  constructor(settings: Settings) {
    super();
    this.#settings = settings;
    this.#vocab = settings.parts.model.vocab;
    this.#idByAdded = new Map(settings.added.map(({ text, id }) => [text, id]));
    this.#addedById = new Map(settings.added.map(({ text, id }) => [id, text]));
    this.#specialIds = new Set(settings.added.filter(({ token }) => token.special).map(({ id }) => id));
  }

  /** Ids of tokens; a token that is not in the vocabulary has that of `unk_token`. */
  convert_tokens_to_ids(tokens: string): number;
  convert_tokens_to_ids(tokens: readonly string[]): number[];
  convert_tokens_to_ids(tokens: string | readonly string[]): number | number[] {
    proved('tokens', tokens, TOKENS);
    const id = (token: string, what: string): number => {
      proved(what, token, TEXT);
      const found = this.#idByAdded.get(token) ?? this.#vocab.lookup.find(token);
      return found < 0 ? this.unk_token_id : found;
    };
    return typeof tokens === 'string' ? id(tokens, 'token') : Array.from(tokens, (token: string, i) => id(token, `tokens[${i}]`));
  }

  /** Tokens of ids; throws for an id that no token has. */
  convert_ids_to_tokens(ids: number, options?: DecodeOptions): string;
  convert_ids_to_tokens(ids: readonly number[] | Tensor, options?: DecodeOptions): string[];
  convert_ids_to_tokens(ids: Ids, options?: DecodeOptions): string | string[] {
    const { skip_special_tokens } = checkOptions('convert_ids_to_tokens()', options, DECODE_OPTIONS);
    if (typeof ids === 'number') return this.#token(ids, 'id');
    const list = idList(ids);
    const tokens = list.map((id, i) => this.#token(id, `ids[${i}]`));
    return skip_special_tokens ? tokens.filter((_, i) => !this.#specialIds.has(list[i])) : tokens;
  }

  /** Whether a token goes on with the word of the token before. */
  continues_word(token: string): boolean {
    return !this.#idByAdded.has(proved('token', token, TEXT)) && this.#settings.parts.model.continues(token);
  }

  /** The vocabulary with the added tokens. */
  get_vocab(): Map<string, number> {
    const { tokens } = this.#vocab;
    return new Map([...tokens.flatMap((token, id) => (token === undefined ? [] : [[token, id] as const])), ...this.#idByAdded]);
  }

  /** How many tokens the vocabulary has without added tokens. */
  get vocab_size(): number {
    return this.#vocab.size;
  }

  /** How many it has with added tokens, as Python's `len(tokenizer)`. */
  get length(): number {
    const { size, lookup } = this.#vocab;
    return size + this.#settings.added.filter(({ text }) => lookup.find(text) < 0).length;
  }

  /** Infinity where the tokenizer sets no limit. */
  get model_max_length(): number {
    return this.#settings.model_max_length;
  }
  /** null where the tokenizer has none; the other roles throw then. */
  get bos_token(): string | null {
    return this.#settings.roles.bos_token?.token ?? null;
  }
  get bos_token_id(): number | null {
    return this.#settings.roles.bos_token?.id ?? null;
  }
  get eos_token(): string | null {
    return this.#settings.roles.eos_token?.token ?? null;
  }
  get eos_token_id(): number | null {
    return this.#settings.roles.eos_token?.id ?? null;
  }
  get unk_token(): string {
    return roleOf(this.#settings, 'unk_token').token;
  }
  get unk_token_id(): number {
    return roleOf(this.#settings, 'unk_token').id;
  }
  get sep_token(): string {
    return roleOf(this.#settings, 'sep_token').token;
  }
  get sep_token_id(): number {
    return roleOf(this.#settings, 'sep_token').id;
  }
  get cls_token(): string {
    return roleOf(this.#settings, 'cls_token').token;
  }
  get cls_token_id(): number {
    return roleOf(this.#settings, 'cls_token').id;
  }
  get pad_token(): string {
    return roleOf(this.#settings, 'pad_token').token;
  }
  get pad_token_id(): number {
    return roleOf(this.#settings, 'pad_token').id;
  }
  get mask_token(): string {
    return roleOf(this.#settings, 'mask_token').token;
  }
  get mask_token_id(): number {
    return roleOf(this.#settings, 'mask_token').id;
  }
  get all_special_tokens(): string[] {
    const roles = ROLES.flatMap((role) => this.#settings.roles[role]?.token ?? []);
    const { extra_special_tokens, additional_special_tokens } = this.#settings;
    return [...new Set([...roles, ...Object.values(extra_special_tokens), ...additional_special_tokens])];
  }
  get all_special_ids(): number[] {
    return this.convert_tokens_to_ids(this.all_special_tokens);
  }

  #token(id: number, what: string): string {
    const { tokens } = this.#vocab;
    const token = tokens[id] ?? this.#addedById.get(id);
    if (token !== undefined) return token;
    let last = tokens.length - 1;
    for (const added of this.#addedById.keys()) last = Math.max(last, added);
    const isHole = Number.isInteger(id) && id >= 0 && id <= last;
    throw new TraceletError('value', {
      what,
      expected: isHole ? 'the id of a token' : `an id from 0 to ${last}`,
      got: `${describe(id)}${isHole ? ', which no token has' : ''}`,
    });
  }
}

function idOf(value: unknown, i: number): number {
  return proved(`ids[${i}]`, typeof value === 'bigint' ? Number(value) : value, WHOLE);
}

/** The ids in `ids`. Throws a `value` error for what is no list of whole numbers. */
export function idList(ids: readonly number[] | Tensor): number[] {
  const tensor = tensorLike(ids);
  const { shape } = tensor ?? {};
  if (Array.isArray(ids) || shape?.length === 1) return Array.from<unknown, number>(tensor?.tolist() ?? ids, idOf);
  throw new TraceletError('value', {
    what: 'ids',
    expected: 'an array of ids or a one-dimensional tensor',
    got: shape ? `a tensor of shape [${shape}]` : describe(ids),
    cure: 'Use batch_decode for a batch',
  });
}
