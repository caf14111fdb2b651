/**
 * The ten vectors nearest to a query, of a million of 384 numbers: an index of them in wasm memory, on one thread and on two, beside a plain
 * loop in JavaScript over the same numbers. Answers are equal, rows and scores; all are timed in turns in one process.
 *
 *   node bench/measure/search.mjs [--json] [--rows N] [--cols N] [--queries N] [--rounds N] [--budget S] [--only int8,binary,float32]
 */
import { parseArgs } from 'node:util';
import { Tensor, VectorIndex } from '../../dist/index.js';
import { begin, digits, progress, ratioCell, table, writeResults } from './report.mjs';
import { alternate, ratio, summarise } from './stats.mjs';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rows: { type: 'string', default: '1000000' },
    cols: { type: 'string', default: '384' },
    queries: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '8' },
    budget: { type: 'string', default: '12' },
    only: { type: 'string', default: 'int8,binary,float32' },
  },
});
const [rows, cols, queries] = [options.rows, options.cols, options.queries].map(Number);
const TOP = 10;
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

/** @typedef {Int8Array | Uint8Array | Float32Array} Numbers */

/** Bytes that no compressor likes. @param {number} count @param {number} seed */
function noise(count, seed) {
  const words = new Uint32Array(Math.ceil(count / 4));
  for (let i = 0, state = seed; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, count);
}

/** A quarter as many vectors of floats: with those that they are made of they take as much memory as a million would. */
const KINDS = {
  int8: { rows, width: cols, of: (/** @type {Uint8Array} */ bytes) => new Int8Array(bytes.buffer, 0, bytes.length), dtype: 'int8' },
  binary: { rows, width: cols / 8, of: (/** @type {Uint8Array} */ bytes) => bytes, dtype: 'uint8', precision: 'ubinary' },
  float32: {
    rows: Math.ceil(rows / 4),
    width: cols,
    of: (/** @type {Uint8Array} */ bytes) => Float32Array.from(bytes, (byte) => (byte - 127.5) / 128),
    dtype: 'float32',
  },
};

/** @param {Numbers} a @param {number} from @param {Numbers} b @param {number} at @param {number} width */
function product(a, from, b, at, width) {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  for (let i = 0; i < width; i += 4) {
    first += a[from + i] * b[at + i];
    second += a[from + i + 1] * b[at + i + 1];
    third += a[from + i + 2] * b[at + i + 2];
    fourth += a[from + i + 3] * b[at + i + 3];
  }
  return first + second + (third + fourth);
}

/** @param {Numbers} a @param {number} from @param {Numbers} b @param {number} at @param {number} width */
function agreement(a, from, b, at, width) {
  let differing = 0;
  for (let i = 0; i < width; i++) differing += ONES[a[from + i] ^ b[at + i]];
  return 8 * width - 2 * differing;
}

/** What anyone would write. @param {Numbers} asked @param {Numbers} held @param {number} count @param {number} width @param {Float64Array | undefined} lengths */
function plainSearch(asked, held, count, width, lengths) {
  return Array.from({ length: queries }, (_, query) => {
    const length = lengths && Math.sqrt(product(asked, query * width, asked, query * width, width));
    /** @type {{ corpus_id: number, score: number }[]} */
    const best = [];
    for (let row = 0; row < count; row++) {
      const score = lengths
        ? product(asked, query * width, held, row * width, width) / /** @type {number} */ (length * lengths[row])
        : agreement(asked, query * width, held, row * width, width) / (8 * width);
      if (best.length === TOP && score <= best[TOP - 1].score) continue;
      const at = best.findIndex((hit) => hit.score < score);
      best.splice(at < 0 ? best.length : at, 0, { corpus_id: row, score });
      best.length = Math.min(best.length, TOP);
    }
    return best;
  });
}

const machine = begin(`the ${TOP} nearest of ${rows.toLocaleString('en')} vectors of ${cols} numbers, ${queries} at a time`);
/** @type {object[]} */
const results = [];
for (const name of options.only.split(',')) await measure(/** @type {keyof typeof KINDS} */ (name));
if (options.json) writeResults('search', { machine, results });

/** @param {keyof typeof KINDS} name */
async function measure(name) {
  const { rows: count, width, of, dtype, precision } = /** @type {any} */ (KINDS[name]);
  progress(`${name}: making ${count} vectors\n`);
  const [held, asked] = [of(noise(count * width, 7)), of(noise(queries * width, 11))];
  const lengths = precision
    ? undefined
    : Float64Array.from({ length: count }, (_, i) => Math.sqrt(product(held, i * width, held, i * width, width)));
  const [corpus, query] = [new Tensor(dtype, [count, width], held), new Tensor(dtype, [queries, width], asked)];
  const [one, two] = [await VectorIndex.create({ precision }), await VectorIndex.create({ precision, threads: 2 })];
  const since = performance.now();
  await one.add(corpus);
  const filling = performance.now() - since;
  await two.add(corpus);
  const cases = {
    'plain JavaScript': () => plainSearch(asked, held, count, width, lengths),
    'index, one thread': () => one.search(query, { top_k: TOP }),
    'index, two threads': () => two.search(query, { top_k: TOP }),
  };
  const [want, ...got] = await Promise.all(Object.values(cases).map(async (run) => JSON.stringify(await run())));
  if (got.some((each) => each !== want)) throw new Error(`${name}: answers differ: ${want} ${got.join(' ')}`);
  const { samples } = await alternate(cases, { warm: 500, rounds: Number(options.rounds), budget: 1000 * Number(options.budget), rest: 5 });
  const megabytes = one.bytes / 1e6;
  report(`${name}, ${count.toLocaleString('en')} vectors in ${digits(megabytes)} MB, filled in ${digits(filling)} ms`, samples, {
    bytes: one.bytes,
    filling,
  });
  one.dispose();
  two.dispose();
}

/** @param {string} title @param {ReadonlyMap<string, number[]>} samples @param {object} facts */
function report(title, samples, facts) {
  const first = /** @type {number[]} */ (samples.get('plain JavaScript'));
  const lines = [...samples].map(([name, times]) => {
    const summary = summarise(times);
    const [faster, byMinima] = [ratio(first, times), Math.min(...first) / summary.min];
    results.push({ title, name, ...facts, ...summary, faster, byMinima });
    return [name, digits(summary.median), digits(summary.min), ratioCell(faster), byMinima.toFixed(2)];
  });
  table([title, 'ms', 'min', 'times as fast (quartiles)', 'by minima'], lines);
}
