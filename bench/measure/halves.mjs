/**
 * MiniLM-L6 with weights in float32, bfloat16 and float16: traces whose answers are equal to the bit, timed in turns in one process.
 * Samples are short, so that some of them have the processor to themselves on a machine that others use too: look at the minima.
 *
 *   node bench/measure/halves.mjs [--large] [--json] [--rounds N] [--sample MS] [--tokens N,N]
 */
import { parseArgs } from 'node:util';
import { BertConfig, BertModel, jit, tensor } from '../../dist/index.js';
import { compare, tokenIds } from './answers.mjs';
import { begin, digits, ratioCell, table, writeResults } from './report.mjs';
import { alternate, ratio, summarise } from './stats.mjs';
import { on, variants } from './variants.mjs';

const SMALL = { hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 12, intermediate_size: 1536 };
const LARGE = { hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072 };
const HALVES = /** @type {const} */ ({ bf16: 'bfloat16', f16: 'float16' });

const { values: options } = parseArgs({
  options: {
    large: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '60' },
    sample: { type: 'string', default: '15' },
    tokens: { type: 'string', default: '1,4,14,32,128' },
  },
});
const lengths = options.tokens.split(',').map(Number);
const name = options.large ? 'BERT-base' : 'MiniLM-L6';
const machine = begin(`${name}, weights of 32 and 16 bits`);

/** A model with weights that `half` holds, stored in it or, where `wide`, in float32. @param {'bfloat16' | 'float16'} half @param {boolean} wide */
function modelOf(half, wide) {
  const model = new BertModel(new BertConfig({ ...(options.large ? LARGE : SMALL), torchscript: true })).eval();
  for (const parameter of model.state_dict().values()) {
    parameter.store(half);
    if (wide) parameter.store('float32');
  }
  return model;
}

const dynamic = /** @type {const} */ ({ sequence: [1, 512] });
const dummies = { input_ids: tensor([tokenIds(14)]) };
/** @param {'bfloat16' | 'float16'} half @param {boolean} wide */
const traceOf = (half, wide) => jit.trace(modelOf(half, wide), dummies, { dynamic, check_trace: false });
const widened = await traceOf('bfloat16', true);
/** @type {Record<string, import('../../dist/index.js').TracedModule>} */
const traces = { f32: widened };
for (const [short, half] of Object.entries(HALVES)) traces[short] = await traceOf(half, false);

const megabytes = Object.entries(traces).map(([short, { instance }]) => `${short} ${(instance.constants.bytes / 1e6).toFixed(1)} MB`);
console.log(`weights in memory: ${megabytes.join(', ')}\n`);
/** @type {object[]} */
const results = [];
for (const kernels of variants) {
  const here = Object.fromEntries(
    await Promise.all(Object.entries(traces).map(async ([short, traced]) => [short, await on(traced, kernels)])),
  );
  /** @type {string[][]} */
  const rows = [];
  for (const count of lengths) {
    const inputs = { input_ids: tensor([tokenIds(count)]) };
    for (const [short, half] of Object.entries(HALVES)) {
      const wide = short === 'bf16' ? here.f32 : await on(await traceOf(half, true), kernels);
      await compare({ [`${short} in float32`]: () => wide(inputs), [short]: () => here[short](inputs) }, 0);
    }
    const cases = Object.fromEntries(Object.keys(traces).map((short) => [short, () => here[short](inputs)]));
    const { samples } = await alternate(cases, {
      warm: 400,
      rounds: Number(options.rounds),
      sample: Number(options.sample),
      budget: 60_000,
    });
    const f32 = /** @type {number[]} */ (samples.get('f32'));
    const least = Math.min(...f32);
    for (const [short, times] of samples) {
      const summary = summarise(times);
      const faster = ratio(f32, times);
      results.push({ kernels, count, dtype: short, ...summary, faster, fasterMin: least / summary.min });
      rows.push([
        `${count} tokens, ${short}`,
        digits(summary.median),
        digits(summary.min),
        ratioCell(faster),
        (least / summary.min).toFixed(2),
      ]);
    }
  }
  table([`${name}, ${kernels}`, 'ms', 'min', 'times as fast (quartiles)', 'by minima'], rows);
}
if (options.json) writeResults('halves', { machine, name, results });
