import { checkOptions, type OptionTable, SIGNAL } from '../base/options.ts';
import { oneOf, SIZE } from '../base/schema.ts';
import { Slice } from '../base/slices.ts';
import { COUNTS, type ThreadCount } from '../runtime/threads/choose.ts';
import type { Vectors } from '../text/similarity.ts';
import { lengthsOf, precisionOf, RowForm } from './forms.ts';
import { type Found, Scanner } from './scanner.ts';
import { type Matrix, matrixOf, notFinite, rowsOf } from './vectors.ts';

const SCORES = ['cosine', 'dot'] as const;
export type ScoreFunction = (typeof SCORES)[number];
export const SCORE_FUNCTION = oneOf(SCORES);

/** A vector of the corpus with its score. */
export interface Hit {
  /** Its row. */
  corpus_id: number;
  score: number;
}

/** Options of a search. */
export interface QueryOptions {
  /** How many of the best are answered for each query; 10 unless given. */
  top_k?: number;
  /** Stops the search between two stretches of the corpus. */
  signal?: AbortSignal;
}

/** Options of `semantic_search`. */
export interface SearchOptions extends QueryOptions {
  /** What vectors are compared by; the cosine unless given. */
  score_function?: ScoreFunction;
  /** How many threads compare them, one unless given. Answers do not depend on it. */
  threads?: ThreadCount;
}

export const QUERY_OPTIONS: OptionTable<QueryOptions> = { top_k: SIZE, signal: SIGNAL };
const OPTIONS: OptionTable<SearchOptions> = { ...QUERY_OPTIONS, score_function: SCORE_FUNCTION, threads: COUNTS };

/** Bytes of hits that are held at once, at most, unless one query has more. */
const HITS_BYTES = 1 << 26;

/** A stretch of a corpus, which a scanner has when `load` has ended. */
export interface Stretch {
  rows: number;
  /** What its first row is called. */
  first: number;
  load?: () => void;
}

/** How queries are asked of a scanner. */
export interface Asking {
  what: string;
  score_function: ScoreFunction;
  top_k: number;
  /** Rows in all. */
  rows: number;
  signal: AbortSignal | undefined;
}

/** For each query the rows of all stretches with the highest scores, the best first. Throws `shape`, `dtype` and `value` errors. */
export async function ask(scanner: Scanner, queries: Matrix, stretches: readonly Stretch[], asking: Asking): Promise<Hit[][]> {
  const { what, score_function, top_k, rows, signal } = asking;
  const { form } = scanner;
  const all = form.queries(queries, what);
  const lengths = lengthsOf(queries, form);
  const odd = lengths.findIndex((length) => !Number.isFinite(length));
  if (odd >= 0) throw notFinite(what, odd);
  const most = Math.min(top_k, rows);
  const slice = new Slice(signal);
  const found: Found[][] = [];
  const group = scanner.together(most, HITS_BYTES);
  for (let from = 0; from < queries.rows; from += group) {
    const count = Math.min(group, queries.rows - from);
    const its = { lengths: lengths.subarray(from, from + count), cosine: score_function === 'cosine' };
    const bytes = all.bytes.subarray(from * all.stride, (from + count) * all.stride);
    const begun = scanner.begin({ ...all, ...its, bytes, count, most });
    for (const stretch of stretches) {
      stretch.load?.();
      await scanner.scan(begun, stretch.rows, stretch.first, slice);
    }
    found.push(...scanner.found(begun));
  }
  return found.map((hits) => hits.map(({ row, score }) => ({ corpus_id: row, score })));
}

const WHAT = 'semantic_search()';
/** Rows of the corpus that are in the memory of kernels at once. */
const STRETCH_BYTES = 1 << 22;

/** For each query the rows of the corpus with the highest scores, the best first. */
export async function search(queries: Vectors, corpus: Vectors, options: SearchOptions = {}): Promise<Hit[][]> {
  const { top_k = 10, score_function = 'cosine', threads, signal } = checkOptions(WHAT, options, OPTIONS);
  const [asked, held] = [matrixOf(queries, `${WHAT}: queries`), matrixOf(corpus, `${WHAT}: corpus`)];
  const form = new RowForm(precisionOf(held), held.cols);
  form.queries(rowsOf(asked, 0, 0, WHAT), `${WHAT}: queries`);
  signal?.throwIfAborted();
  const scanner = await Scanner.open(form, threads, signal);
  try {
    const step = Math.min(held.rows, Math.max(1, Math.floor(STRETCH_BYTES / form.stride)));
    scanner.reserve(step);
    const stretches = Array.from({ length: Math.ceil(held.rows / step) || 0 }, (_, i): Stretch => {
      const [first, end] = [i * step, Math.min(held.rows, (i + 1) * step)];
      const what = `${WHAT}: corpus`;
      return { rows: end - first, first, load: () => scanner.write(0, rowsOf(held, first, end, what), what, first) };
    });
    return await ask(scanner, asked, stretches, { what: `${WHAT}: queries`, score_function, top_k, rows: held.rows, signal });
  } finally {
    scanner.dispose();
  }
}
