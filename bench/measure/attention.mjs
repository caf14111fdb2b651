/**
 * Attention of twelve heads: plain, and with a window, causal and with a bias by distance, in turns in one process.
 *
 *   node bench/measure/attention.mjs [--tokens N,N] [--rounds N]
 */
import { parseArgs } from 'node:util';
import { F, jit, nn, Tensor, tensor } from '../../dist/index.js';
import { begin, digits, progress, table } from './report.mjs';
import { summarise } from './stats.mjs';

const { values: options } = parseArgs({
  options: { tokens: { type: 'string', default: '128,512,2048' }, rounds: { type: 'string', default: '15' } },
});
const [heads, size, reach] = [12, 64, 128];
const hidden = heads * size;
const count = heads * (2 * reach + 1);

/** @param {(i: number) => number} elementAt */
const biasOf = (elementAt) =>
  new Tensor(
    'float32',
    [heads, 2 * reach + 1],
    Float32Array.from({ length: count }, (_, i) => elementAt(i)),
  );

/** @type {Record<string, object>} */
const KINDS = {
  plain: {},
  'a window that holds all': { window: 1 << 20 },
  'a bias': { bias: biasOf(Math.sin) },
  'a window of 64': { window: 64 },
  causal: { is_causal: true },
};

class Attention extends nn.Module {
  /** @param {object} kind */
  constructor(kind) {
    super();
    this.kind = kind;
    this.words = new nn.Embedding(100, 3 * hidden, { seed: 1 });
  }

  /** @param {Tensor} ids */
  forward(ids) {
    const x = this.words(ids);
    const [q, k, v] = [0, 1, 2].map((i) => F.narrow(x, 2, i * hidden, hidden));
    return F.attention(q, k, v, { heads, ...this.kind });
  }
}

/** @param {{ data: ArrayLike<number> }} a @param {{ data: ArrayLike<number> }} b */
const furthest = (a, b) => Array.from(a.data).reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i])), 0);

begin('attention of 12 heads of 64');
for (const length of options.tokens.split(',').map(Number)) {
  const ids = tensor([Array.from({ length }, (_, i) => i % 100)]);
  /** @type {Map<string, { traced: any, times: number[] }>} */
  const cases = new Map();
  for (const [name, kind] of Object.entries(KINDS))
    cases.set(name, { traced: await jit.trace(new Attention(kind), [ids], { fusion: false, check_trace: false }), times: [] });
  const [plain, all] = [...cases.values()].map(({ traced }) => traced(ids));
  const apart = furthest(plain, all);
  if (!(apart < 1e-5)) throw new Error(`a window that holds all: off by ${apart}`);
  for (let round = 0; round < Number(options.rounds); round++) {
    progress(`${length} tokens, round ${round + 1}`);
    for (const { traced, times } of cases.values()) {
      const since = performance.now();
      traced(ids);
      times.push(performance.now() - since);
    }
  }
  const rows = [...cases].map(([name, { times }]) => {
    const { median, min } = summarise(times);
    return [name, digits(median), digits(min)];
  });
  table([`${length} tokens`, 'ms', 'min'], rows);
}
