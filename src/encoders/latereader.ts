import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { warn } from '../base/warn.ts';
import type { SentenceConfig } from '../sentence/config.ts';
import type { Lengths, QueryExpansion } from '../sentence/lengths.ts';
import type { SentenceModule } from '../sentence/modules.ts';
import { type PromptOptions, promptOf } from '../sentence/prompt.ts';
import type { TextReader } from '../sentence/tokenizer.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Row } from '../text/encode.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { Role } from './encoder.ts';
import { type Marker, marked, markerOf, tokenId, unlessMissing } from './markers.ts';

type Mask = SentenceModule<'MultiVectorMask'>;

/** What a folder says of the lengths of texts. */
export const lengthsOf = ({ modules }: SentenceConfig): Lengths => modules[0] as SentenceModule<'Transformer'>;

/** How the folder of a trace reads texts that are compared late, and which of their tokens count. */
export class LateReader {
  readonly #sentence: SentenceConfig;
  readonly #tokenizer: PreTrainedTokenizerFast;
  readonly #mask: Mask | undefined;
  readonly #skipped: ReadonlySet<number>;
  readonly #markers: ReadonlyMap<string, Marker>;

  constructor({ sentence, tokenizer }: TextReader) {
    this.#sentence = sentence as SentenceConfig;
    this.#tokenizer = tokenizer;
    this.#mask = this.#sentence.modules.find((module): module is Mask => module.type === 'MultiVectorMask');
    const markers = Object.entries(this.#sentence.markers ?? {});
    this.#markers = new Map(markers.map(([role, marker]) => [role, markerOf(tokenizer, marker)]));
    this.#skipped = new Set(this.#mask?.skiplist_words.flatMap((word) => this.#idOf(word) ?? []));
  }

  /** How texts of a task become rows. */
  rowsOf(task: string | undefined, { id }: Marker) {
    const { query_length, document_length, query_expansion } = lengthsOf(this.#sentence);
    const expansion = task === 'query' ? query_expansion : undefined;
    const usual = task === 'query' ? query_length : task === 'document' ? document_length : undefined;
    return {
      longest: expansion ? longestOf(expansion, usual) : usual,
      added: id === undefined ? 0 : 1,
      prepared: (row: Row): Row => {
        const whole = id === undefined ? row : marked(row, id);
        return expansion ? this.#expanded(whole, expansion) : whole;
      },
    };
  }

  /** The marker of a role, or else of the prompt that texts without a role begin with. */
  markerFor(role: Role | undefined, { prompt, prompt_name }: PromptOptions): Marker {
    const { default_prompt_name } = this.#sentence;
    const of = role ?? prompt_name ?? (prompt === undefined ? default_prompt_name : null);
    return (of !== null && this.#markers.get(of)) || { words: '' };
  }

  /** Options of texts that begin with the words of a marker before their prompt. */
  marking<Options extends PromptOptions>({ words }: Marker, given: Options, what: string) {
    const { prompt_name: _, ...options } = given;
    return words === '' ? given : { ...options, prompt: words + promptOf(this.#sentence, given, what) };
  }

  /** Those rows that are compared. */
  counting(vectors: Tensor<'float32'>, ids: Int32Array, task: string | undefined): Tensor<'float32'> {
    const { skiplist_tasks = [], keep_only_token_ids = null } = this.#mask ?? {};
    const skipped = skiplist_tasks.includes(task ?? 'document') ? this.#skipped : undefined;
    const only = task !== 'query' && keep_only_token_ids?.length ? new Set(keep_only_token_ids) : undefined;
    const counts = (id: number): boolean => !skipped?.has(id) && (only?.has(id) ?? true);
    const width = vectors.shape[1];
    const kept = [...ids.keys()].filter((at) => counts(ids[at]));
    if (kept.length === ids.length) return vectors;
    const data = new Float32Array(kept.length * width);
    for (const [i, at] of kept.entries()) data.set(vectors.data.subarray(at * width, (at + 1) * width), i * width);
    return new Tensor('float32', [kept.length, width], data);
  }

  /** A query made as long as its folder says. */
  #expanded(row: Row, { length, attend, token }: QueryExpansion): Row {
    const missing = length - row.ids.length;
    if (missing <= 0) return row;
    const ids = new Int32Array(length).fill(this.#filler(token));
    ids.set(row.ids);
    return { ...row, ids, unseen: attend ? 0 : missing };
  }

  /** The id of the token that queries are made longer with. */
  #filler(token: string | null): number {
    const tokenizer = this.#tokenizer;
    const usual = () => unlessMissing(() => tokenizer.mask_token_id) ?? unlessMissing(() => tokenizer.eos_token_id);
    const id = token === null ? usual() : this.#idOf(token);
    if (id !== undefined && id !== null) return id;
    throw new TraceletError('config', {
      what: 'query_expansion of the folder',
      expected: 'a token of the vocabulary',
      got: token === null ? 'no token of masks' : describe(token),
    });
  }

  /** The id of a word that is a token, told of where it is none. */
  #idOf(word: string): number | undefined {
    const id = tokenId(this.#tokenizer, word);
    if (id !== undefined) return id;
    warn(`the word ${describe(word)} of the folder is no token of its tokenizer: it is passed over, as in sentence-transformers`);
    return undefined;
  }
}

/** Most tokens of a query that is made longer. */
const longestOf = ({ strategy, length }: QueryExpansion, usual: number | undefined): number | undefined => {
  if (strategy === 'fixed') return length;
  return usual === undefined ? undefined : Math.max(usual, length);
};
