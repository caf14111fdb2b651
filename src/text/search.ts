import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { checkOptions, type OptionTable, SIGNAL } from '../base/options.ts';
import { oneOf, SIZE } from '../base/schema.ts';
import { Slice } from '../base/slices.ts';
import { tensor } from '../tensor/creation.ts';
import type { Nested } from '../tensor/nested.ts';
import { type Tensor, tensorLike } from '../tensor/tensor.ts';
import type { Vectors } from './similarity.ts';

const SCORES = ['cosine', 'dot'] as const;

/** Options of `semantic_search`. */
export interface SearchOptions {
  /** How many of the best are answered for each query; 10 unless given. */
  top_k?: number;
  /** What vectors are compared by; the cosine unless given. */
  score_function?: (typeof SCORES)[number];
  /** Stops the search between two stretches of the corpus. */
  signal?: AbortSignal;
}

/** A vector of the corpus with its score. */
export interface Hit {
  /** Its row. */
  corpus_id: number;
  score: number;
}

const OPTIONS: OptionTable<SearchOptions> = { top_k: SIZE, score_function: oneOf(SCORES), signal: SIGNAL };
const WHAT = 'semantic_search()';

type Numbers = Float32Array | Int8Array | Uint8Array;
interface Matrix {
  data: Numbers;
  rows: number;
  cols: number;
}

const KEPT: readonly string[] = ['float32', 'int8', 'uint8'];

function matrixOf(vectors: Vectors, what: string): Matrix {
  if (typeof vectors !== 'object' || vectors === null)
    throw new TraceletError('value', { what, expected: 'a vector or a list of vectors', got: describe(vectors) });
  const given = tensorLike(vectors) ?? tensor(vectors as Nested, { dtype: 'float32' });
  const { shape, data } = KEPT.includes(given.dtype) ? (given as Tensor<'float32' | 'int8' | 'uint8'>) : given.to('float32');
  const cols = shape.at(-1) as number;
  if (shape.length < 1 || shape.length > 2 || cols === 0)
    throw new TraceletError('shape', { what, expected: 'a vector [d] or vectors [n, d], d not 0', got: `[${shape}]` });
  return { data, rows: shape.length === 1 ? 1 : shape[0], cols };
}

/** The best so far, worst first, of which there are never more than `most`: of equal scores the one that came first. */
class Best {
  readonly #most: number;
  readonly #heap: Hit[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** What a score has to be above to be among them. */
  get bar(): number {
    return this.#heap.length < this.#most ? -Infinity : this.#heap[0].score;
  }

  add(corpus_id: number, score: number): void {
    if (this.#heap.length < this.#most) this.#rise(this.#heap.push({ corpus_id, score }) - 1);
    else {
      this.#heap[0] = { corpus_id, score };
      this.#sink(0);
    }
  }

  /** All of them, the best first. */
  sorted(): Hit[] {
    return this.#heap.sort((a, b) => b.score - a.score || a.corpus_id - b.corpus_id);
  }

  #isBelow(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    return one.score < other.score || (one.score === other.score && one.corpus_id > other.corpus_id);
  }

  #swap(a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b], this.#heap[a]];
  }

  #rise(from: number): void {
    for (let at = from, up = (at - 1) >> 1; at > 0 && this.#isBelow(at, up); at = up, up = (at - 1) >> 1) this.#swap(at, up);
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const least = [2 * at + 1, 2 * at + 2].reduce(
        (low, child) => (child < this.#heap.length && this.#isBelow(child, low) ? child : low),
        at,
      );
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }
}

/** The product of two rows; four sums, which an engine adds up side by side. */
function product(a: Numbers, from: number, b: Numbers, at: number, cols: number): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let col = 0;
  for (; col + 3 < cols; col += 4) {
    first += a[from + col] * b[at + col];
    second += a[from + col + 1] * b[at + col + 1];
    third += a[from + col + 2] * b[at + col + 2];
    fourth += a[from + col + 3] * b[at + col + 3];
  }
  for (; col < cols; col++) first += a[from + col] * b[at + col];
  return first + second + (third + fourth);
}

const lengthsOf = ({ data, rows, cols }: Matrix): Float64Array =>
  Float64Array.from({ length: rows }, (_, row) => Math.sqrt(product(data, row * cols, data, row * cols, cols)));

/** Rows of the corpus that are compared with all queries before the next ones are. */
const STRETCH = 256;

/** For each query the rows of the corpus with the highest scores, the best first. */
export async function search(queries: Vectors, corpus: Vectors, options: SearchOptions = {}): Promise<Hit[][]> {
  const { top_k = 10, score_function = 'cosine', signal } = checkOptions(WHAT, options, OPTIONS);
  const [asked, held] = [matrixOf(queries, `${WHAT}: queries`), matrixOf(corpus, `${WHAT}: corpus`)];
  const { cols } = held;
  if (asked.cols !== cols)
    throw new TraceletError('shape', { what: WHAT, expected: 'vectors of one width', got: `${asked.cols} and ${cols}` });
  signal?.throwIfAborted();
  const lengths = score_function === 'cosine' ? lengthsOf(asked) : undefined;
  const best = Array.from({ length: asked.rows }, () => new Best(Math.min(top_k, held.rows)));
  const slice = new Slice(signal);
  for (let begin = 0; begin < held.rows; begin += STRETCH) {
    const end = Math.min(held.rows, begin + STRETCH);
    const scales = lengths && lengthsOf({ data: held.data.subarray(begin * cols, end * cols), rows: end - begin, cols });
    for (let query = 0; query < asked.rows; query++)
      for (let row = begin; row < end; row++) {
        const dot = product(asked.data, query * cols, held.data, row * cols, cols);
        const score = lengths && scales ? dot / (lengths[query] * scales[row - begin] || 1) : dot;
        if (score > best[query].bar) best[query].add(row, score);
      }
    if (slice.over) await slice.next();
  }
  return best.map((each) => each.sorted());
}
