/**
 * MiniLM-L6 with weights in float32, bfloat16 and float16: traces whose answers are equal to the bit, timed in turns in one process.
 * Samples are short, so that some of them have the processor to themselves on a machine that others use too: look at the minima.
 *
 *   node bench/measure/halves.mjs [--large] [--json] [--rounds N] [--sample MS] [--budget S] [--tokens N,N] [--kernels relaxed]
 */
import { parseArgs } from 'node:util';
import { BertConfig, BertModel, jit, tensor } from '../../dist/index.js';
import { compare, tokenIds } from './answers.mjs';
import { begin, digits, ratioCell, table, writeResults } from './report.mjs';
import { alternate, ratio, summarise } from './stats.mjs';
import { on, variants } from './variants.mjs';

const SMALL = { hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 12, intermediate_size: 1536 };
const LARGE = { hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072 };

const { values: options } = parseArgs({
  options: {
    large: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '60' },
    sample: { type: 'string', default: '15' },
    tokens: { type: 'string', default: '1,4,14,32,128' },
    budget: { type: 'string', default: '60' },
    kernels: { type: 'string', default: variants.join() },
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
/** @type {Record<string, import('../../dist/index.js').TracedModule>} */
const traces = { f32: await traceOf('bfloat16', true), bf16: await traceOf('bfloat16', false), f16: await traceOf('float16', false) };
/** The same numbers as a trace of 16 bits in float32. @type {Record<string, import('../../dist/index.js').TracedModule>} */
const widened = { bf16: traces.f32, f16: await traceOf('float16', true) };

const megabytes = Object.entries(traces).map(([short, { instance }]) => `${short} ${(instance.constants.bytes / 1e6).toFixed(1)} MB`);
console.log(`weights in memory: ${megabytes.join(', ')}\n`);
/** @type {object[]} */
const results = [];
for (const kernels of variants.filter((each) => options.kernels.includes(each))) {
  const here = await loaded(traces, kernels);
  const wide = await loaded(widened, kernels);
  for (const count of lengths) {
    const inputs = { input_ids: tensor([tokenIds(count)]) };
    for (const short of Object.keys(widened)) await compare({ float32: () => wide[short](inputs), [short]: () => here[short](inputs) }, 0);
    const cases = Object.fromEntries(Object.keys(traces).map((short) => [short, () => here[short](inputs)]));
    const { samples } = await alternate(cases, {
      warm: 300,
      rounds: Number(options.rounds),
      sample: Number(options.sample),
      budget: 1000 * Number(options.budget),
    });
    report(kernels, count, samples);
  }
}
if (options.json) writeResults('halves', { machine, name, results });

/** @param {Record<string, import('../../dist/index.js').TracedModule>} all @param {import('../../dist/index.js').Variant} kernels */
async function loaded(all, kernels) {
  return Object.fromEntries(await Promise.all(Object.entries(all).map(async ([short, traced]) => [short, await on(traced, kernels)])));
}

/** @param {string} kernels @param {number} count @param {ReadonlyMap<string, number[]>} samples */
function report(kernels, count, samples) {
  const f32 = /** @type {number[]} */ (samples.get('f32'));
  const rows = [...samples].map(([short, times]) => {
    const summary = summarise(times);
    const [faster, byMinima] = [ratio(f32, times), Math.min(...f32) / summary.min];
    results.push({ kernels, count, dtype: short, ...summary, faster, byMinima });
    return [short, digits(summary.median), digits(summary.min), ratioCell(faster), byMinima.toFixed(2)];
  });
  table([`${name}, ${count} tokens, ${kernels}`, 'ms', 'min', 'times as fast (quartiles)', 'by minima'], rows);
}
