import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { checkOptions, NAMED, type OptionTable, proved, SIGNAL } from '../base/options.ts';
import { Slice } from '../base/slices.ts';
import { COUNTS, type ThreadChoice, type ThreadCount } from '../runtime/threads/choose.ts';
import { SOURCE_OPTIONS, type SourceOptions } from '../sources/folder.ts';
import { openSource, type Source } from '../sources/source.ts';
import { PRECISION, type Precision } from '../text/precision.ts';
import type { Vectors } from '../text/similarity.ts';
import { INDEX_NAME, pieces, readForm, readRows } from './file.ts';
import { precisionOf, RowForm } from './forms.ts';
import { Scanner } from './scanner.ts';
import { ask, type Hit, QUERY_OPTIONS, type QueryOptions, SCORE_FUNCTION, type ScoreFunction } from './search.ts';
import { Turns } from './turns.ts';
import { matrixOf, rowsOf } from './vectors.ts';

/** Options of an index of vectors. */
export interface VectorIndexOptions {
  /** What the numbers are; as their dtype says unless given. `binary` and `ubinary` have the signs of eight in a byte. */
  precision?: Precision;
  /** What vectors are compared by; the cosine unless given. Of signs it is the share that agrees less the share that does not. */
  score_function?: ScoreFunction;
  /** How many threads compare them, one unless given; where several cannot be had, `threads` says why. */
  threads?: ThreadCount;
}

/** Options of `VectorIndex.load`. */
export type VectorIndexLoadOptions = Omit<VectorIndexOptions, 'precision'> & SourceOptions;

interface Stopping {
  signal?: AbortSignal;
}

const CREATE: OptionTable<VectorIndexOptions> = { precision: PRECISION, score_function: SCORE_FUNCTION, threads: COUNTS };
const LOAD: OptionTable<VectorIndexLoadOptions> = { ...SOURCE_OPTIONS, score_function: SCORE_FUNCTION, threads: COUNTS };
const STOPPING: OptionTable<Stopping> = { signal: SIGNAL };

/** Rows that are added before other work is let through. */
const ADDED_ROWS = 4096;

/**
 * Vectors in a wasm memory, filled once and asked often: each query is compared with every one of them. A row takes its bytes, filled up to 16, and 8
 * more. Its methods may be called at any time, and run one after the other.
 */
export class VectorIndex {
  readonly score_function: ScoreFunction;
  readonly #wanted: VectorIndexOptions;
  readonly #turns = new Turns();
  #scanner: Scanner | undefined;
  #length = 0;
  #disposed = false;

  /** An index without vectors. Throws `value` errors for wrong options. */
  static async create(options: VectorIndexOptions = {}): Promise<VectorIndex> {
    return new VectorIndex(checkOptions('VectorIndex.create', options, CREATE));
  }

  /**
   * What `save` wrote, or any safetensors file with one matrix of float32, int8 or uint8: a path, a URL, bytes, a response or a stream. Throws `source`,
   * `format` and `value` errors.
   */
  static async load(source: Source, options: VectorIndexLoadOptions = {}): Promise<VectorIndex> {
    const { score_function, threads, ...opening } = checkOptions('VectorIndex.load', options, LOAD);
    const bytes = await openSource(source, INDEX_NAME, opening);
    try {
      const { signal } = opening;
      const { header, form, rows, score_function: told } = await readForm(bytes, signal);
      const index = new VectorIndex({ score_function: score_function ?? told, threads, precision: form.precision });
      try {
        await readRows(bytes, header, await index.#open(form, signal), rows, signal);
      } catch (cause) {
        index.dispose();
        throw cause;
      }
      index.#length = rows;
      return index;
    } finally {
      await bytes.close();
    }
  }

  private constructor(wanted: VectorIndexOptions) {
    this.#wanted = wanted;
    this.score_function = wanted.score_function ?? 'cosine';
  }

  /** How many vectors it has. */
  get length(): number {
    return this.#length;
  }

  /** Numbers of a vector, bytes where these have signs of eight; 0 before the first. */
  get width(): number {
    return this.#scanner?.form.width ?? 0;
  }

  /** What the numbers are; undefined before the first, unless it was given. */
  get precision(): Precision | undefined {
    return this.#scanner?.form.precision ?? this.#wanted.precision;
  }

  /** Bytes of its memory. */
  get bytes(): number {
    return this.#scanner?.memory.buffer.byteLength ?? 0;
  }

  /** How many threads compare vectors, and why; undefined before the first vector. */
  get threads(): ThreadChoice | undefined {
    return this.#scanner?.threads;
  }

  /**
   * Adds one vector or several, and answers the row of the first. Those before decide how wide vectors are. Throws `shape`, `dtype` and `memory` errors, and
   * `value` errors for numbers that are not finite; the index is then as it was.
   */
  async add(vectors: Vectors, options: Stopping = {}): Promise<number> {
    const what = 'VectorIndex.add()';
    const { signal } = checkOptions(what, options, STOPPING);
    const matrix = matrixOf(vectors, what);
    return this.#inTurn(what, signal, async () => {
      const form = this.#scanner?.form ?? new RowForm(this.#wanted.precision ?? precisionOf(matrix), matrix.cols);
      form.checkRows(matrix, what);
      const scanner = this.#scanner ?? (await this.#open(form, signal));
      const first = this.#length;
      scanner.reserve(first + matrix.rows);
      const slice = new Slice(signal);
      for (let row = 0; row < matrix.rows; row += ADDED_ROWS) {
        scanner.write(first + row, rowsOf(matrix, row, Math.min(row + ADDED_ROWS, matrix.rows), what), what, row);
        if (slice.over) await slice.next();
        this.#expectAlive(what);
      }
      this.#length += matrix.rows;
      return first;
    });
  }

  /** For each query the rows with the highest scores, the best first; of equal scores the lower row. Throws `shape`, `dtype` and `value` errors. */
  async search(queries: Vectors, options: QueryOptions = {}): Promise<Hit[][]> {
    const what = 'VectorIndex.search()';
    const { top_k = 10, signal } = checkOptions(what, options, QUERY_OPTIONS);
    const matrix = matrixOf(queries, what);
    return this.#inTurn(what, signal, async () => {
      const { score_function } = this;
      const rows = this.#length;
      if (!this.#scanner || rows === 0) return Array.from({ length: matrix.rows }, () => []);
      const found = await ask(this.#scanner, matrix, [{ rows, first: 0 }], { what, score_function, top_k, rows, signal });
      this.#expectAlive(what);
      return found;
    });
  }

  /** Writes a safetensors file, whole or not at all. Throws `source` errors, and a `value` error where there is no vector yet. */
  async save(path: string, options: Stopping = {}): Promise<void> {
    const what = 'VectorIndex.save()';
    const { signal } = checkOptions(what, options, STOPPING);
    proved(`${what}: path`, path, { ...NAMED, expected: 'a path' });
    await this.#inTurn(what, signal, async () => platform.write(path, this.#pieces(what), { signal }));
  }

  /** The bytes of that file in pieces, copies. */
  async serialize(options: Stopping = {}): Promise<Uint8Array[]> {
    const what = 'VectorIndex.serialize()';
    const { signal } = checkOptions(what, options, STOPPING);
    return this.#inTurn(what, signal, async () => [...this.#pieces(what)]);
  }

  /** Ends its threads and lets its memory go; whatever is asked of it afterwards is a `disposed` error. */
  dispose(): void {
    this.#disposed = true;
    this.#scanner?.dispose();
    this.#scanner = undefined;
    this.#length = 0;
  }

  async #open(form: RowForm, signal: AbortSignal | undefined): Promise<Scanner> {
    const scanner = await Scanner.open(form, this.#wanted.threads, signal);
    if (this.#disposed) scanner.dispose();
    this.#expectAlive('VectorIndex');
    this.#scanner = scanner;
    return scanner;
  }

  #pieces(what: string): Iterable<Uint8Array> {
    if (this.#scanner) return pieces(this.#scanner, this.#length, this.score_function);
    throw new TraceletError('value', { what, expected: 'at least one vector', got: 'none', cure: 'Add some first' });
  }

  #inTurn<T>(what: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(signal, async () => {
      this.#expectAlive(what);
      return work();
    });
  }

  #expectAlive(what: string): void {
    if (this.#disposed) throw new TraceletError('disposed', { what, expected: 'an index', got: 'one that was disposed' });
  }
}
