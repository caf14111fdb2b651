/**
 * Kernels at the shapes of model layers, on every variant that the engine has, beside the rate of multiply-adds in registers alone.
 * Each result is held against the definition of its op before anything is timed.
 *
 *   node bench/measure/kernels.mjs [--rounds N] [--sample MS] [--json] [PART OF A NAME …]
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { begin, digits, progress, table, writeResults } from './report.mjs';
import { alternate, summarise } from './stats.mjs';

/** @typedef {{ op: string, shapes: Record<string, number[]>, attrs?: Record<string, number | string>, lengths?: number[], gains?: Record<string, number> }} Case */

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options, positionals: parts } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    sample: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

/** @param {number} m @param {number} n @param {number} k @returns {Case} */
const linear = (m, n, k, activation = 'none') => ({
  op: 'linear',
  shapes: { x: [m, k], weight: [n, k], bias: [n] },
  attrs: { activation },
  gains: { weight: k ** -0.5 },
});

/** @param {number} m @param {number} n @param {number} k @returns {Case} */
const linear8 = (m, n, k) => ({
  op: 'linear_i8',
  shapes: { x: [m, k], weight: [n, k], scale: [n], sums: [Math.ceil(k / 384), n], smooth: [k], bias: [n] },
});

/** @param {number} m @param {number} n @param {number} k @returns {Case} */
const linear4 = (m, n, k) => ({
  op: 'linear_i4',
  shapes: { x: [m, k], weight: [n, k / 2], steps: [n, k / 32], scale: [n], sums: [Math.ceil(k / 384), n], smooth: [k], bias: [n] },
});

/** @param {number} rows @param {number} heads @param {number} head_dim @returns {Case} */
const attention = (rows, heads, head_dim) => ({
  op: 'attention_qkv',
  shapes: { qkv: [1, rows, 3 * heads * head_dim], starts: [2] },
  attrs: { heads, scale: head_dim ** -0.5 },
  lengths: [rows],
});

/** @param {number} rows @param {number} cols @returns {Case} */
const norm = (rows, cols) => ({
  op: 'add_layer_norm',
  shapes: { x: [rows, cols], residual: [rows, cols], weight: [cols], bias: [cols] },
  attrs: { eps: 1e-12 },
});

/** @type {Record<string, Case>} */
const LAYERS = {
  'bert-base ffn up 128x3072x768': linear(128, 3072, 768),
  'bert-base ffn up, gelu 128x3072x768': linear(128, 3072, 768, 'gelu'),
  'bert-base ffn down 128x768x3072': linear(128, 768, 3072),
  'bert-base qkv 14x2304x768': linear(14, 2304, 768),
  'bert-base ffn down 14x768x3072': linear(14, 768, 3072),
  'bert-base pooler 1x768x768': linear(1, 768, 768),
  'minilm qkv 128x1152x384': linear(128, 1152, 384),
  'minilm ffn up, gelu 128x1536x384': linear(128, 1536, 384, 'gelu'),
  'minilm ffn down 128x384x1536': linear(128, 384, 1536),
  'minilm ffn up, gelu 14x1536x384': linear(14, 1536, 384, 'gelu'),
  'minilm ffn down 14x384x1536': linear(14, 384, 1536),
  'bert-base ffn up, int8 128x3072x768': linear8(128, 3072, 768),
  'bert-base ffn down, int8 128x768x3072': linear8(128, 768, 3072),
  'bert-base ffn up, int4 128x3072x768': linear4(128, 3072, 768),
  'minilm qkv, int8 128x1152x384': linear8(128, 1152, 384),
  'minilm ffn down, int8 128x384x1536': linear8(128, 384, 1536),
  'minilm ffn up, int8 14x1536x384': linear8(14, 1536, 384),
  'bert-base attention 128': attention(128, 12, 64),
  'bert-base attention 512': attention(512, 12, 64),
  'minilm attention 14': attention(14, 12, 32),
  'minilm attention 128': attention(128, 12, 32),
  'bert-base add_layer_norm 128x768': norm(128, 768),
  'minilm add_layer_norm 14x384': norm(14, 384),
  'bert-base gelu 128x3072': { op: 'gelu', shapes: { x: [128, 3072] } },
  'bert-base gelu_new 128x3072': { op: 'gelu_new', shapes: { x: [128, 3072] } },
  'bert-base softmax 1536x128': { op: 'softmax', shapes: { x: [1536, 128] } },
  'bert-base add 128x768': { op: 'add', shapes: { a: [128, 768], b: [128, 768] } },
  'bert-base panels 768x3072': { op: 'panels', shapes: { x: [768, 3072] } },
};

progress('compiling the reference\n');
const tool = (/** @type {string} */ file, /** @type {string[]} */ ...args) =>
  execFileSync(process.execPath, [`${root}node_modules/${file}`, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
tool('typescript/bin/tsc', '-p', 'bench/tsconfig.json');
/** @type {typeof import('../../test/support/kernels.ts')} */
const { arrange, firstError, instantiate, operandsOf, runs } = await import(`${root}build/bench/test/support/kernels.js`);
const built = (/** @type {string} */ file) => import(`${root}build/bench/src/${file}`);
/** @type {typeof import('../../src/ops/table.ts')} */
const { OPS } = await built('ops/table.js');
/** @type {typeof import('../../src/ops/kinds.ts')} */
const { kindOf } = await built('ops/kinds.js');
/** @type {typeof import('../../src/tensor/dtype.ts')} */
const { DTYPES } = await built('tensor/dtype.js');
/** @type {typeof import('../../src/kernels/integers.ts')} */
const { formFor, INTEGER_FORMS } = await built('kernels/integers.js');
/** @type {typeof import('../../src/inspect/peak.ts')} */
const { INTEGER_OPS } = await built('inspect/peak.js');

/** @type {('baseline' | 'relaxed')[]} */
const variants = runs('relaxed') ? ['baseline', 'relaxed'] : ['baseline'];
const here = begin('Kernels');
const PEAK_ROUNDS = 100_000;
const PEAK_FLOPS = 96 * PEAK_ROUNDS;

/** Multiply-adds in registers, of floats and of integers. @param {'baseline' | 'relaxed'} variant */
function peaksOf(variant) {
  const { exports } = instantiate(variant, 2);
  const { number } = INTEGER_FORMS[formFor(variant)];
  return {
    [`peak ${variant}`]: () => exports.peak(65536, PEAK_ROUNDS),
    [`integer peak ${variant}`]: () => exports.peak_integer(65536, number, PEAK_ROUNDS),
  };
}

/** Bytes of an element as a kernel reads it. @param {keyof typeof OPS} op @param {string} operand */
function bytesOf(op, operand) {
  const kind = /** @type {Record<string, import('../../src/ops/kinds.ts').Kind>} */ (OPS[op].args)[operand];
  return DTYPES[kindOf(kind).dtype ?? 'float32'].bytes;
}

/** @type {Record<string, () => void>} */
const cases = {};
/** @type {Map<string, { integer: boolean, flops: number, bytes: number }>} */
const work = new Map();
for (const variant of variants) {
  Object.assign(cases, peaksOf(variant));
  const { number: form } = INTEGER_FORMS[formFor(variant)];
  for (const [name, layer] of Object.entries(LAYERS)) {
    if (parts.length > 0 && !parts.some((part) => name.includes(part))) continue;
    progress(`${name}, ${variant}`);
    const op = /** @type {keyof typeof OPS} */ (layer.op);
    const kernels = instantiate(variant, 1024);
    const operands = operandsOf(op, layer);
    const { args, numbers, out, outBytes } = arrange(kernels, op, operands, layer, { skew: 0, form });
    kernels.exports[op](...args);
    const error = firstError(op, layer, new Float32Array(kernels.memory.buffer, out, outBytes / 4));
    if (error) throw new Error(`${name} (${variant}): ${error}`);
    const read = Object.entries(operands).reduce((sum, [key, { length }]) => sum + length * bytesOf(op, key), 0);
    work.set(`${name} ${variant}`, {
      integer: 'form' in OPS[op].args,
      flops: OPS[op].flops(/** @type {never} */ (numbers)),
      bytes: read + outBytes,
    });
    cases[`${name} ${variant}`] = () => kernels.exports[op](...args);
  }
}

const { samples, repeated } = await alternate(cases, {
  warm: 300,
  rounds: Number(options.rounds),
  sample: Number(options.sample),
  progress,
});
/** @param {string} name */
const timeOf = (name) => summarise(/** @type {number[]} */ (samples.get(name)));
const peaks = Object.fromEntries(variants.map((variant) => [variant, PEAK_FLOPS / timeOf(`peak ${variant}`).min / 1e6]));
const integerPeaks = Object.fromEntries(
  variants.map((variant) => [variant, (INTEGER_OPS[formFor(variant)] * PEAK_ROUNDS) / timeOf(`integer peak ${variant}`).min / 1e6]),
);
const results = [...work].map(([name, { integer, flops, bytes }]) => {
  const variant = /** @type {string} */ (name.split(' ').at(-1));
  const { median, min } = timeOf(name);
  return {
    layer: name.slice(0, -variant.length - 1),
    variant,
    median,
    min,
    gflops: flops / min / 1e6,
    gbytes: bytes / min / 1e6,
    share: flops / min / 1e6 / (integer ? integerPeaks : peaks)[variant],
  };
});

for (const variant of variants)
  console.log(
    `registers alone, ${variant}: ${digits(peaks[variant])} GFLOP/s, integers (${formFor(variant)}) ${digits(integerPeaks[variant])} GOP/s`,
  );
console.log(repeated ? `${repeated} rounds repeated, because something else had the processor\n` : '');
table(
  ['layer', 'kernels', 'ms', 'min', 'GFLOP/s', 'GB/s', 'of peak'],
  results.map(({ layer, variant, median, min, gflops, gbytes, share }) => [
    layer,
    variant,
    median.toFixed(3),
    min.toFixed(3),
    digits(gflops),
    digits(gbytes),
    `${Math.round(share * 100)}%`,
  ]),
);
console.log('Rates are those of the fastest round.');
if (options.json) writeResults('kernels', { machine: here, peaks, integerPeaks, results });
