import { startTeam } from '#team';
import { TraceletError } from '../base/error.ts';
import type { Slice } from '../base/slices.ts';
import { allocateMemory, callKernel, growMemory, type Kernels, MEMORY_BASE } from '../kernels/binaries.ts';
import type { KernelSource } from '../platform/platform.ts';
import { chooseThreads, type ThreadChoice, type ThreadCount } from '../runtime/threads/choose.ts';
import type { Team, TeamCall } from '../runtime/threads/team.ts';
import type { RowForm } from './forms.ts';
import { BLOCK_ROWS, HIT_BYTES, LENGTHS_BYTES } from './limits.ts';
import { plainKernels } from './plain.ts';
import { type Matrix, notFinite } from './vectors.ts';

/*
 * The memory of a search:
 *
 *   MEMORY_BASE     scratch of this thread
 *   + #scratch      blocks of BLOCK_ROWS rows: their lengths, a float64 each, then the rows, `stride` bytes each
 *   + their bytes   what one search needs: queries, their lengths, and lists of hits
 */

const WHAT = 'vectors of a search';

/** Shards a thread, so that one that is held up leaves some to others. */
const SHARES = 4;
/** Bytes of rows that a query is compared with before other work is let through. */
const SLICE_BYTES = 1 << 24;

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Queries that are asked together. */
export interface Asked {
  bytes: Uint8Array;
  stride: number;
  kind: number;
  lengths: Float64Array;
  /** Whether products are divided by the lengths of query and row. */
  cosine: boolean;
  count: number;
  /** Hits of each, at most. */
  most: number;
}

/** A hit by the row's number. */
export interface Found {
  row: number;
  score: number;
}

/** What {@link Scanner.scan} goes on with. */
interface Begun extends Asked {
  lists: number;
  queries: number;
  lengthsAt: number;
  top: number;
}

/** Rows in a wasm memory, and kernels that compare queries with them. */
export class Scanner {
  readonly form: RowForm;
  readonly memory: WebAssembly.Memory;
  readonly threads: ThreadChoice;
  readonly #kernels: Kernels;
  readonly #team: Team | undefined;
  readonly #scratch: number;
  /** Blocks that there is room for. */
  #blocks = 0;
  #disposed = false;

  private constructor(form: RowForm, memory: WebAssembly.Memory, kernels: Kernels, threads: ThreadChoice, team?: Team) {
    this.form = form;
    this.memory = memory;
    this.threads = threads;
    this.#team = team;
    this.#kernels = kernels;
    this.#scratch = align(Math.max(8 * (BLOCK_ROWS + 2), 16 + form.queryBytes));
  }

  /** A memory for rows of this form. Where several threads cannot be had, `threads` says why. */
  static async open(form: RowForm, wanted: ThreadCount | undefined, signal?: AbortSignal): Promise<Scanner> {
    const { searchKernels } = (await import('#search')) as unknown as typeof import('../platform/search/file.ts');
    const alone = (threads: ThreadChoice): Scanner => {
      const memory = allocateMemory(MEMORY_BASE, WHAT);
      return new Scanner(form, memory, kernelsOn(memory, moduleOf(searchKernels, false)), threads);
    };
    const choice = chooseThreads(wanted, 'baseline');
    if (choice.threads === 1) return alone(choice);
    const module = moduleOf(searchKernels, true);
    if (!module) return alone({ threads: 1, why: 'kernels of searches for a shared memory are missing' });
    const memory = allocateMemory(MEMORY_BASE, WHAT, true);
    try {
      const provision = { what: 'the search', names: ['scan'], moduleOf: () => module };
      const team = (await startTeam(choice.threads, memory, ['search'], { signal, provision })) as unknown as Team;
      const scanner = new Scanner(form, memory, kernelsOn(memory, module), choice, team);
      team.endWith(scanner);
      return scanner;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TraceletError)) throw error;
      return alone({ threads: 1, why: error.message });
    }
  }

  /** Ends the threads, and searches that are under way. */
  dispose(): void {
    this.#disposed = true;
    this.#team?.end();
  }

  get #base(): number {
    return MEMORY_BASE + this.#scratch;
  }

  get #blockBytes(): number {
    return LENGTHS_BYTES + BLOCK_ROWS * this.form.stride;
  }

  /** Where row `row` lies. */
  #addressOf(row: number): number {
    return this.#base + Math.floor(row / BLOCK_ROWS) * this.#blockBytes + LENGTHS_BYTES + (row % BLOCK_ROWS) * this.form.stride;
  }

  /** Makes room for `rows` rows and, as kernels look at two at once, one more. Throws a `memory` error. */
  reserve(rows: number): void {
    const blocks = Math.ceil(rows / BLOCK_ROWS);
    if (blocks <= this.#blocks) return;
    growMemory(this.memory, this.#base + blocks * this.#blockBytes + this.form.stride, WHAT);
    this.#blocks = blocks;
  }

  /** Writes rows from row `at` on, for which there is room. Throws a `value` error for numbers that are not finite. */
  write(at: number, { data, rows, cols }: Matrix, what: string, first = 0): void {
    const { stride, itemBytes, isBits, kind } = this.form;
    const from = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const memory = new Uint8Array(this.memory.buffer);
    const bytes = cols * itemBytes;
    for (let row = 0; row < rows; row++) {
      const to = this.#addressOf(at + row);
      memory.set(from.subarray(row * bytes, (row + 1) * bytes), to);
      memory.fill(0, to + bytes, to + stride);
    }
    for (let row = at; row < at + rows; row += BLOCK_ROWS - (row % BLOCK_ROWS)) {
      const count = Math.min(at + rows - row, BLOCK_ROWS - (row % BLOCK_ROWS));
      const lengths = new Float64Array(
        this.memory.buffer,
        this.#addressOf(row - (row % BLOCK_ROWS)) - LENGTHS_BYTES + 8 * (row % BLOCK_ROWS),
        count,
      );
      if (isBits) lengths.fill(1);
      else callKernel(this.#kernels.measure, [lengths.byteOffset, this.#addressOf(row), MEMORY_BASE, count, stride, kind], () => WHAT);
      const odd = lengths.findIndex((length) => !Number.isFinite(length));
      if (odd >= 0) throw notFinite(what, first + row - at + odd);
    }
  }

  /** The numbers of rows, a copy. */
  read(begin: number, end: number): Uint8Array {
    const bytes = this.form.width * this.form.itemBytes;
    const copy = new Uint8Array((end - begin) * bytes);
    for (let row = begin; row < end; row++)
      copy.set(new Uint8Array(this.memory.buffer, this.#addressOf(row), bytes), (row - begin) * bytes);
    return copy;
  }

  get #shards(): number {
    return this.#team ? SHARES * this.threads.threads : 1;
  }

  /** How many of so many queries can be asked together within `bytes` of hits. */
  together(most: number, bytes: number): number {
    return Math.max(1, Math.floor(bytes / (this.#shards * (most + 1) * HIT_BYTES)));
  }

  /** Puts queries and empty lists behind the rows. Throws a `memory` error. */
  begin(asked: Asked): Begun {
    const queries = this.#base + this.#blocks * this.#blockBytes;
    const lengthsAt = queries + align(asked.bytes.length);
    const lists = lengthsAt + align(8 * asked.count);
    const top = lists + align(this.#shards * asked.count * (asked.most + 1) * HIT_BYTES);
    growMemory(this.memory, top, WHAT);
    const memory = new Uint8Array(this.memory.buffer);
    memory.set(asked.bytes, queries);
    new Float64Array(this.memory.buffer, lengthsAt, asked.count).set(asked.lengths);
    memory.fill(0, lists, top);
    return { ...asked, queries, lengthsAt, lists, top };
  }

  /** Compares queries with the first `rows` rows, the first of which is called `first`, and lets other work through. */
  async scan(begun: Begun, rows: number, first: number, slice: Slice): Promise<void> {
    const blocks = Math.ceil(rows / BLOCK_ROWS);
    const step = Math.max(1, Math.floor((SLICE_BYTES * this.threads.threads) / (begun.count * this.#blockBytes)));
    for (let block = 0; block < blocks; block += step) {
      this.#run(this.#callOf(begun, block, Math.min(block + step, blocks), rows, first), begun.top);
      if (slice.over) await slice.next();
      if (this.#disposed) throw new TraceletError('disposed', { what: WHAT, expected: 'an index', got: 'one that was disposed' });
    }
  }

  #callOf(
    { lists, queries, lengthsAt, cosine, count, most, stride, kind }: Begun,
    from: number,
    to: number,
    rows: number,
    first: number,
  ): TeamCall {
    const shards = this.#shards;
    const span = Math.ceil((to - from) / shards);
    const [{ form }, base, blockBytes] = [this, this.#base, this.#blockBytes];
    // biome-ignore format: the kernel's parameters in one row
    const numbers: Record<string, number> = {
      lists, queries, lengths: lengthsAt, block: base + from * blockBytes, base, scratch: MEMORY_BASE, first,
      rows: Math.min(rows, to * BLOCK_ROWS), span, shards, asked: count, most, stride: form.stride, queryStride: stride, cosine: Number(cosine), bits: form.bits, kind,
    };
    const strides = { lists: count * (most + 1) * HIT_BYTES, block: span * blockBytes };
    return {
      op: 'scan',
      binary: 'search',
      kernel: this.#kernels.scan,
      args: Object.values(numbers),
      numbers,
      scratch: this.#scratch,
      row: {
        args: Object.fromEntries(Object.keys(numbers).map((name) => [name, name === 'scratch' ? 'scratch' : 'int'])),
        flops: () => (to - from) * blockBytes * count,
        split: () => ({ over: ['shards'], strides }),
      },
    };
  }

  #run(call: TeamCall, top: number): void {
    const what = () => WHAT;
    if (!this.#team?.takes([call])) {
      callKernel(call.kernel, call.args, what);
      return;
    }
    let complete = false;
    this.#team.begin([call], top);
    try {
      this.#team.step(0, what);
      complete = true;
    } finally {
      this.#team.finish(complete);
    }
  }

  /** What was found for each query, the best first. */
  found({ lists, count, most }: Begun): Found[][] {
    const [scores, rows] = [new Float64Array(this.memory.buffer), new Int32Array(this.memory.buffer)];
    return Array.from({ length: count }, (_, query) => {
      const found: Found[] = [];
      for (let shard = 0; shard < this.#shards; shard++) {
        const list = lists + (shard * count + query) * (most + 1) * HIT_BYTES;
        for (let at = list + HIT_BYTES, end = at + rows[list / 4] * HIT_BYTES; at < end; at += HIT_BYTES)
          found.push({ row: rows[at / 4 + 2], score: scores[at / 8] });
      }
      return found.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, most);
    });
  }
}

/** The kernels, unless this place has none or may not compile them. */
function moduleOf(source: KernelSource, shared: boolean): WebAssembly.Module | undefined {
  try {
    return source('search', shared);
  } catch (cause) {
    if (cause instanceof TraceletError) return undefined;
    throw cause;
  }
}

const kernelsOn = (memory: WebAssembly.Memory, module: WebAssembly.Module | undefined): Kernels =>
  module ? (new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels) : plainKernels(memory);
