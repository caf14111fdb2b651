/**
 * After loading nothing grows: thousands of texts of all lengths through one trace of MiniLM's size, with its tokenizer. Exits with 1 if
 * the wasm memory changed at all or the process kept growing.
 *
 *   node bench/peers/growth.mjs [--calls 10000] [--tokens 16]
 *
 * Prints its verdict as JSON.
 */
import { parseArgs } from 'node:util';
import { minilm } from '@tracelet/all-minilm-l6-v2';
import { BertConfig, jit, SentenceEmbedder } from '../../dist/index.js';
import { quantile } from '../measure/stats.mjs';
import { MODELS } from './models.mjs';
import { inputsOf } from './runtimes/inputs.mjs';

const { values: options } = parseArgs({
  options: { calls: { type: 'string', default: '10000' }, tokens: { type: 'string', default: '16' } },
});
const calls = Number(options.calls);
const READINGS = 20;
/** Garbage waits to be collected, so readings waver by this much. */
const ALLOWED = 16e6;
const WORDS = 'The girl plays a violin while nobody listens and stocks fall sharply in 1987 Größe 東京 🎻 .'.split(' ');

/** A text of one to sixty words. @param {number} call */
const textOf = (call) => Array.from({ length: 1 + ((call * 37) % 60) }, (_, i) => WORDS[(call * 7 + i * 5) % WORDS.length]).join(' ');

/** A fresh embedder with the tokenizer of the default model. */
async function embedder() {
  const { tokenizer } = await jit.load(minilm);
  const model = new SentenceEmbedder(new BertConfig({ ...MODELS[0].config, torchscript: true })).eval();
  return jit.trace(model, inputsOf(Number(options.tokens)), { tokenizer });
}

const traced = await embedder();
/** @type {number[]} */
const resident = [];
const before = traced.instance.memory.buffer.byteLength;
const since = performance.now();
for (let call = 0; call < calls; call++) {
  await traced.embed(textOf(call), { truncate: true });
  if ((call + 1) % Math.ceil(calls / READINGS) === 0) resident.push(process.memoryUsage.rss());
}
const after = traced.instance.memory.buffer.byteLength;
const half = resident.length >> 1;
const grown = quantile(resident.slice(half), 0.5) - quantile(resident.slice(0, half), 0.5);
const flat = grown <= ALLOWED;
if (!flat || after !== before) process.exitCode = 1;
console.log(
  JSON.stringify({
    calls,
    tokens: Number(options.tokens),
    seconds: (performance.now() - since) / 1000,
    wasm: { before, after },
    resident,
    grown,
    allowed: ALLOWED,
    ok: flat && after === before,
  }),
);
