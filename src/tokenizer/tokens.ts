import { Callable } from '../base/callable.ts';
import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { checkOptions, type OptionTable, proved } from '../base/options.ts';
import { FLAG, kind, TEXT } from '../base/schema.ts';
import { type Tensor, tensorLike } from '../tensor/tensor.ts';
import type { Pattern } from './added.ts';
import {
  type AddSpecialTokensOptions,
  type AddTokensOptions,
  addSpecialTokens,
  addTokens,
  type NewTokens,
  type SpecialTokens,
} from './adding.ts';
import type { Made } from './made.ts';
import { ROLES, type Role } from './roles.ts';
import type { Filler } from './row.ts';
import { roleOf, type Settings, specialsIn } from './settings.ts';
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

/** Added tokens both ways. */
interface Names {
  idByAdded: ReadonlyMap<string, number>;
  addedById: ReadonlyMap<number, string>;
  specialIds: ReadonlySet<number>;
}

const namesOf = ({ added }: Settings): Names => ({
  idByAdded: new Map(added.map(({ text, id }) => [text, id])),
  addedById: new Map(added.map(({ text, id }) => [id, text])),
  specialIds: new Set(added.filter(({ token }) => token.special).map(({ id }) => id)),
});

/** The tokens of a tokenizer by their names, ids and roles. */
export abstract class Tokens extends Callable {
  readonly #made: Made;
  readonly #names: () => Names;

  constructor(made: Made) {
    super();
    this.#made = made;
    this.#names = made.derived(namesOf);
  }

  get #settings(): Settings {
    return this.#made.settings;
  }

  get #vocab(): Vocab {
    return this.#settings.parts.model.vocab;
  }

  /**
   * Adds tokens that are recognised whole, where they are not there already: those that the vocabulary lacks have ids behind it. Answers how many
   * are new, or differ from what was there. What was made of the tokenizer before, such as a trace, does not hear of it.
   */
  add_tokens(tokens: NewTokens, options?: AddTokensOptions | null): number {
    return addTokens(this.#made, tokens, options);
  }

  /** Gives tokens to roles, such as `{ pad_token: '<pad>' }`, and adds them as special ones. Answers as {@link add_tokens}. */
  add_special_tokens(tokens: SpecialTokens, options?: AddSpecialTokensOptions | null): number {
    return addSpecialTokens(this.#made, tokens, options);
  }

  /** Ids of tokens; a token that is not in the vocabulary has that of `unk_token`. */
  convert_tokens_to_ids(tokens: string): number;
  convert_tokens_to_ids(tokens: readonly string[]): number[];
  convert_tokens_to_ids(tokens: string | readonly string[]): number | number[] {
    proved('tokens', tokens, TOKENS);
    const id = (token: string, what: string): number => {
      proved(what, token, TEXT);
      const found = this.#names().idByAdded.get(token) ?? this.#vocab.lookup.find(token);
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
    return skip_special_tokens ? tokens.filter((_, i) => !this.#names().specialIds.has(list[i])) : tokens;
  }

  /** Whether a token goes on with the word of the token before it; where only ends of words are marked, `before` decides. */
  continues_word(token: string, before?: string): boolean {
    const { idByAdded } = this.#names();
    if (before !== undefined) proved('before', before, TEXT);
    if (idByAdded.has(proved('token', token, TEXT)) || (before !== undefined && idByAdded.has(before))) return false;
    return this.#settings.parts.model.continues(token, before);
  }

  /** What models are given of texts. */
  get model_input_names(): readonly string[] {
    return this.#settings.model_input_names;
  }

  /** What tokens within a word begin with, such as `##`; empty where none do. */
  get continuing_subword_prefix(): string {
    return this.#settings.parts.model.prefix ?? '';
  }

  /** The vocabulary with the added tokens. */
  get_vocab(): Map<string, number> {
    const { tokens } = this.#vocab;
    return new Map([...tokens.flatMap((token, id) => (token === undefined ? [] : [[token, id] as const])), ...this.#names().idByAdded]);
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

  /**
   * The largest id that texts get, with its token. Special tokens that neither surround texts nor pad them stand only in rows of texts that hold
   * them: with `written`, they count as well.
   */
  largestId(written = false): Filler {
    proved('largestId()', written, FLAG);
    const { parts, added, roles, split_special_tokens: splits } = this.#settings;
    const specialIds = this.#names().specialIds;
    const { tokens } = this.#vocab;
    const last = tokens.findLastIndex((token, id) => !!token && !specialIds.has(id));
    const isFound = ({ id, text }: Pattern): boolean => text !== '' && (!specialIds.has(id) || (written && !splits));
    const { single, pair } = parts.processor;
    const reached: (Filler | null | undefined)[] = [
      { id: last, token: tokens[last] ?? '' },
      ...added.filter(isFound).map(({ id, text }) => ({ id, token: text })),
      ...[...single, ...pair].map((place) => ('token' in place ? place.token : undefined)),
      ...[roles.pad_token, roles.unk_token, parts.model.unknown],
    ];
    return reached.reduce<Filler>((most, each) => (each && each.id > most.id ? each : most), { id: -1, token: '' });
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
  /** The tokens of roles, of those that the tokenizer has. */
  get special_tokens_map(): Partial<Record<Role, string>> {
    const { roles } = this.#settings;
    return Object.fromEntries(ROLES.flatMap((role) => (roles[role] ? [[role, roles[role].token]] : [])));
  }
  get all_special_tokens(): string[] {
    return specialsIn(this.#settings);
  }
  get all_special_ids(): number[] {
    return this.convert_tokens_to_ids(this.all_special_tokens);
  }

  #token(id: number, what: string): string {
    const { tokens } = this.#vocab;
    const token = tokens[id] ?? this.#names().addedById.get(id);
    if (token !== undefined) return token;
    let last = tokens.length - 1;
    for (const added of this.#names().addedById.keys()) last = Math.max(last, added);
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
