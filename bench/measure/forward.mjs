/**
 * Whole models: eager, traced, and traced without fusion, on every variant of the kernels that the engine has.
 *
 *   node bench/measure/forward.mjs [--large] [--profile] [--json] [--rounds N] [--tokens N,N]
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BertConfig, BertModel, jit, tensor, withKernels } from '../../dist/index.js';
import { compare, tokenIds } from './answers.mjs';
import { printProfile, profile } from './profile.mjs';
import { begin, progress, reportTiming, writeResults } from './report.mjs';
import { alternate } from './stats.mjs';
import { on, variants } from './variants.mjs';

/**
 * @typedef {import('../../dist/index.js').TracedModule} TracedModule
 * @typedef {import('../../dist/index.js').Variant} Variant
 * @typedef {{ flops: number, cases: Record<string, () => unknown> }} Subject what is timed, and the operations of one call
 */

const DEFAULT_MODEL = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2/model.tracelet', import.meta.url));
const TOLERANCE = 1e-4;
const SMALL = { hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 12, intermediate_size: 1536 };
const LARGE = { hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072 };
const TEXTS = {
  short: 'Someone is having a quiet meal with old friends tonight.',
  long: 'The girl plays the violin while a man is eating food and stocks fall sharply. '.repeat(9),
};

const { values: options } = parseArgs({
  options: {
    large: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '15' },
    tokens: { type: 'string', default: '14,128' },
  },
});
const lengths = options.tokens.split(',').map(Number);
/** @type {object[]} */
const results = [];

const machine = begin('whole models, one text a call, seeded weights');
await benchmark('MiniLM-L6', SMALL);
if (options.large) await benchmark('BERT-base', LARGE);
if (existsSync(DEFAULT_MODEL)) await benchmarkDefault();
if (options.json) writeResults('models', { machine, results });

/** @param {string} name @param {object} sizes */
async function benchmark(name, sizes) {
  const model = new BertModel(new BertConfig({ ...sizes, torchscript: true })).eval();
  for (const count of lengths) {
    progress(`tracing ${name} for ${count} tokens\n`);
    const [input_ids, token_type_ids] = [tensor([tokenIds(count)]), tensor([new Array(count).fill(0)])];
    const inputs = { input_ids, token_type_ids };
    const fused = await jit.trace(model, inputs);
    const plain = await jit.trace(model, inputs, { fusion: false });
    /** @type {Record<string, () => unknown>} */
    const cases = {};
    for (const kernels of variants) {
      const [fusedHere, plainHere] = await Promise.all([on(fused, kernels), on(plain, kernels)]);
      cases[`eager, ${kernels}`] = () => withKernels(kernels, () => model(inputs));
      cases[`traced without fusion, ${kernels}`] = () => plainHere(inputs);
      cases[`traced, ${kernels}`] = () => fusedHere(inputs);
    }
    await measure(`${name}, ${count} tokens`, { flops: plain.flops(), cases });
    if (options.profile) for (const kernels of variants) showProfile(`${name}, ${count} tokens`, fused, inputs, kernels);
  }
}

async function benchmarkDefault() {
  progress('loading the default model\n');
  const embedder = await jit.load(DEFAULT_MODEL);
  for (const kernels of variants) if (!embedder.verify(kernels).ok) throw new Error(`the default model does not verify on ${kernels}`);
  for (const [name, text] of Object.entries(TEXTS)) {
    const tokens = Math.min(embedder.tokenizer.encode(text).length, 128);
    /** @type {Record<string, () => unknown>} */
    const cases = {};
    for (const kernels of variants) {
      const here = await on(embedder, kernels);
      cases[kernels] = () => here(text, { truncate: true });
    }
    const title = `default model with its tokenizer, ${name} text (${tokens} tokens)`;
    await measure(title, { flops: embedder.flops({ batch: 1, sequence: tokens }), cases });
  }
  if (options.profile)
    for (const kernels of variants) showProfile('default model', embedder, embedder.encode(TEXTS.long, { truncate: true }), kernels);
}

/** @param {string} title @param {Subject} subject */
async function measure(title, { flops, cases }) {
  const differences = await compare(cases, TOLERANCE);
  const timing = await alternate(cases, { rounds: Number(options.rounds), progress: (text) => progress(`${title}: ${text}`) });
  results.push(reportTiming(title, timing, flops, differences));
}

/** @param {string} title @param {TracedModule} traced @param {Record<string, import('../../dist/index.js').Tensor>} inputs @param {Variant} kernels */
function showProfile(title, traced, inputs, kernels) {
  progress(`profiling ${title}, ${kernels}\n`);
  const shares = profile(traced, inputs, kernels);
  results.push({ title: `${title}, ${kernels}: profile`, shares });
  console.log(`${title}, ${kernels}: where the time goes`);
  printProfile(shares);
}
