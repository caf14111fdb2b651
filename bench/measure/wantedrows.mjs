/**
 * A cross-encoder of six layers, which reads the first token of each pair: a trace whose last layer computes that row alone, and one
 * whose pooler takes it as a slice, so that all rows are computed. Answers are equal to the bit; both are timed in turns in one process.
 *
 *   node bench/measure/wantedrows.mjs [--json] [--rounds N] [--sample MS] [--budget S] [--pairs N,N] [--tokens N,N]
 */
import { parseArgs } from 'node:util';
import { BertConfig, BertForSequenceClassification, F, jit, tensor } from '../../dist/index.js';
import { quantize } from '../../dist/quantize/index.js';
import { compare, tokenIds } from './answers.mjs';
import { begin, digits, ratioCell, table, writeResults } from './report.mjs';
import { alternate, ratio, summarise } from './stats.mjs';

const SIZES = { hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 12, intermediate_size: 1536, num_labels: 1 };

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '40' },
    sample: { type: 'string', default: '40' },
    budget: { type: 'string', default: '15' },
    pairs: { type: 'string', default: '1,8' },
    tokens: { type: 'string', default: '128' },
  },
});
const machine = begin('a cross-encoder of six layers, 384 wide: all rows of the last layer, and the wanted ones');

/** @param {boolean} wanted whether the trace may know that one row of each pair is read */
function traceOf(wanted) {
  const model = new BertForSequenceClassification(new BertConfig({ ...SIZES, torchscript: true }), { seed: 7 }).eval();
  const { pooler } = model.base_model;
  /** @param {import('../../dist/index.js').Tensor} x */
  const sliced = (x) => F.tanh(pooler.dense(F.narrow(x, 1, 0, 1).reshape([x.shape[0], x.shape[2]])));
  if (!wanted) Object.assign(pooler, { forward: sliced });
  const dummies = { input_ids: tensor([tokenIds(14)]), attention_mask: tensor([new Array(14).fill(1)]) };
  return jit.trace(model, dummies, { dynamic: { batch: [1, 64], sequence: [1, 512] }, check_trace: false });
}

const [all, wanted] = await Promise.all([false, true].map(traceOf));
const [all8, wanted8] = await Promise.all([all, wanted].map(async (traced) => (await quantize(traced)).traced));
/** @type {object[]} */
const results = [];
for (const [name, { before, after }] of Object.entries({ float32: { before: all, after: wanted }, int8: { before: all8, after: wanted8 } }))
  for (const pairs of options.pairs.split(',').map(Number))
    for (const tokens of options.tokens.split(',').map(Number)) {
      const rows = Array.from({ length: pairs }, () => tokenIds(tokens));
      const inputs = { input_ids: tensor(rows), attention_mask: tensor(rows.map((row) => row.map(() => 1))) };
      const cases = { 'all rows': () => before(inputs), 'wanted rows': () => after(inputs) };
      await compare(cases, 0);
      const sizes = { batch: pairs, sequence: tokens, tokens: pairs * tokens };
      const { samples } = await alternate(cases, {
        warm: 500,
        rounds: Number(options.rounds),
        sample: Number(options.sample),
        budget: 1000 * Number(options.budget),
      });
      report(`${name}, ${pairs} × ${tokens} tokens`, samples, before.plan(sizes).flops / after.plan(sizes).flops);
    }
if (options.json) writeResults('wantedrows', { machine, results });

/** @param {string} title @param {ReadonlyMap<string, number[]>} samples @param {number} fewer how many times as few operations */
function report(title, samples, fewer) {
  const first = /** @type {number[]} */ (samples.get('all rows'));
  const lines = [...samples].map(([name, times]) => {
    const summary = summarise(times);
    const [faster, byMinima] = [ratio(first, times), Math.min(...first) / summary.min];
    results.push({ title, name, ...summary, faster, byMinima, fewer });
    return [name, digits(summary.median), digits(summary.min), ratioCell(faster), byMinima.toFixed(2)];
  });
  table([`${title}, ${fewer.toFixed(2)} times as few operations`, 'ms', 'min', 'times as fast (quartiles)', 'by minima'], lines);
}
