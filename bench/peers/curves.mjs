/**
 * What a call costs for its real tokens: one text of every length through traces of that length, of the longest and of any, and a batch
 * of texts of mixed lengths. Answers compared first: those of tracelet have the same bits.
 *
 *   node bench/peers/curves.mjs [--quick] [--model minilm] [--precisions f32,q8] [--lengths 1,14,512] [--mixed 5,64,128]
 *                               [--only PART,PART] [--warm MS] [--rounds N] [--budget MS]
 *
 * Prints tables, and writes bench/results/curves-nodeMAJOR.json.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { begin, machine, progress, ratioCell, SUMMARY, summaryCells, table, writeResults } from '../measure/report.mjs';
import { alternate, ratio, summarise } from '../measure/stats.mjs';
import { compareAnswers, saveTraces } from './beside.mjs';
import { chosen, nodeWorker, PRECISION, timingOf } from './cases.mjs';
import { Fleet } from './fleet.mjs';
import { filesOf, MODELS } from './models.mjs';

/** @typedef {import('./cases.mjs').Case} Case */
/** @typedef {{ name: string, more?: object, peer?: boolean }} Line a case; `more` are options of its worker */

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    model: { type: 'string', default: 'minilm' },
    precisions: { type: 'string', default: 'f32,q8' },
    lengths: { type: 'string' },
    mixed: { type: 'string', default: '5,9,12,16,21,27,34,41,48,57,66,77,88,101,114,128' },
    only: { type: 'string' },
    warm: { type: 'string' },
    rounds: { type: 'string' },
    budget: { type: 'string' },
  },
});
const EFFORT = options.quick
  ? { warm: 500, rounds: 5, budget: 5000, lengths: '1,14,64,128,512' }
  : { warm: 1000, rounds: 11, budget: 12_000, lengths: '1,4,8,14,32,64,96,128,192,256,384,512' };
const numbers = (/** @type {string} */ list) => list.split(',').map(Number);
const lengths = numbers(options.lengths ?? EFFORT.lengths);
const mixed = numbers(options.mixed);
const timing = timingOf(options, EFFORT);
const wanted = chosen(options.only);
const WIDTH = Math.max(...lengths);

/** @type {readonly Line[]} */
const CURVES = [
  { name: 'strict, made at that length' },
  { name: `strict at ${WIDTH}, masked`, more: { form: `${WIDTH}`, width: WIDTH } },
  { name: 'dynamic', more: { form: 'dynamic' } },
  { name: `strict at ${WIDTH}, padding computed`, more: { form: 'exact', width: WIDTH } },
  { name: 'onnxruntime-web', peer: true },
  { name: `onnxruntime-web, padded to ${WIDTH}`, peer: true, more: { width: WIDTH } },
];
/** @type {readonly Line[]} */
const MIXED = [
  { name: 'one by one', more: { form: 'dynamic', each: true } },
  { name: 'one batch', more: { form: 'dynamic' } },
  { name: 'batch, padding computed', more: { form: 'exact-dynamic' } },
  { name: 'onnxruntime-web, one by one', peer: true, more: { each: true } },
  { name: 'onnxruntime-web, one batch', peer: true },
];

/** @param {readonly Line[]} lines @param {string} precision @param {string} traces folder @returns {Case[]} */
function casesFor(lines, precision, traces) {
  const { graph, weights, quantisedGraph } = filesOf(model.name);
  const graphs = precision === 'f32' ? { graph, weights } : { graph: quantisedGraph };
  return lines.map(({ name, more, peer }) => ({
    name,
    runtime: peer ? 'onnxruntime-web' : 'tracelet',
    precision: PRECISION[precision],
    command: nodeWorker(
      peer ? { module: 'onnxweb', make: 'model', ...graphs, ...more } : { module: 'tracelet', make: 'model', traces, precision, ...more },
    ),
  }));
}

/** Opens the first of the lines and those that are wanted, and closes them after `measure`. @param {readonly Case[]} cases @param {(fleet: Fleet) => Promise<void>} measure */
async function withFleet([reference, ...others], measure) {
  const fleet = await new Fleet().open([reference, ...others.filter(({ name }) => wanted(name))]);
  try {
    await measure(fleet);
  } finally {
    await fleet.close();
  }
  return fleet.missing;
}

/** Prepares, compares and times every member. @param {string} heading @param {Fleet} fleet @param {object} what */
async function measureAll(heading, fleet, what) {
  await fleet.prepare(what);
  const accuracies = await compareAnswers(fleet, { sameBits: true });
  const { samples, repeated } = await alternate(fleet.samplers(), { ...timing, progress: (text) => progress(`${heading}: ${text}`) });
  const [reference] = samples.values();
  const rows = fleet.members.map(({ name, runtime }) => {
    const times = /** @type {number[]} */ (samples.get(name));
    return { name, runtime, ...summarise(times), times: ratio(times, reference), ...accuracies.get(name) };
  });
  table(
    [heading, ...SUMMARY, 'times as long', 'difference'],
    rows.map(({ name, times, difference, ...summary }) => [name, ...summaryCells(summary), ratioCell(times), difference.toExponential(1)]),
  );
  return { repeated, rounds: reference.length, rows };
}

/** @param {string} precision @param {string} folder @param {readonly string[]} like */
async function measureCurves(precision, folder, like) {
  const points = [];
  const missing = await withFleet(casesFor(CURVES, precision, folder), async (fleet) => {
    for (const tokens of lengths) {
      const file = `${folder}/${precision}-${tokens}.tracelet`;
      if (tokens !== WIDTH) saveTraces(model, tokens, folder, like);
      points.push({ tokens, ...(await measureAll(`${model.title} ${precision}, ${tokens} tokens`, fleet, { tokens })) });
      if (tokens !== WIDTH) await rm(file, { force: true });
    }
  });
  return { precision, points, missing };
}

/** @param {string} precision @param {string} folder */
async function measureMixed(precision, folder) {
  const tokens = mixed.reduce((sum, length) => sum + length, 0);
  const heading = `${model.title} ${precision}, ${mixed.length} texts, ${tokens} tokens`;
  let measured;
  const missing = await withFleet(casesFor(MIXED, precision, folder), async (fleet) => {
    measured = await measureAll(heading, fleet, { lengths: mixed });
  });
  return { precision, lengths: mixed, tokens, padded: mixed.length * Math.max(...mixed), .../** @type {any} */ (measured), missing };
}

const model = MODELS.find(({ name }) => name === options.model) ?? MODELS[0];
const started = performance.now();
const here = begin('time against real tokens, one thread each');
const folder = await mkdtemp(join(tmpdir(), 'tracelet-bench-'));
const [curves, batches] = [[], []];
try {
  saveTraces(model, WIDTH, folder, ['--form', 'dynamic', '--precisions', 'q8']);
  const like = ['--precisions', 'q8', '--like', `${folder}/q8-dynamic.tracelet`];
  saveTraces(model, WIDTH, folder, like);
  for (const form of ['exact', 'exact-dynamic']) saveTraces(model, WIDTH, folder, [...like, '--form', form]);
  for (const precision of options.precisions.split(',')) {
    curves.push(await measureCurves(precision, folder, like));
    batches.push(await measureMixed(precision, folder));
  }
} finally {
  await rm(folder, { recursive: true });
}
const missing = [...curves, ...batches].flatMap(({ precision, missing }) => missing.map((one) => ({ precision, ...one })));
for (const { precision, name, reason } of missing) console.log(`left out: ${precision}, ${name}: ${reason}`);
writeResults('curves', {
  machine: here,
  loadAfter: machine().load,
  minutes: (performance.now() - started) / 60_000,
  quick: options.quick,
  model: model.name,
  title: model.title,
  width: WIDTH,
  curves,
  mixed: batches,
  missing,
});
