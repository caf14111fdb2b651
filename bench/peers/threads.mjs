/**
 * What more threads bring to one call, and more workers to many: tracelet and onnxruntime-web, answers compared first.
 *
 *   node bench/peers/threads.mjs [--quick] [--models minilm,bert-base] [--precisions f32,q8] [--tokens 128,512] [--most N]
 *                                [--in node,chromium] [--only PART,PART] [--warm MS] [--rounds N] [--budget MS]
 *
 * From one thread to --most, as many as the machine has unless given. Prints tables, and writes bench/results/threads-nodeMAJOR.json.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { begin, machine, progress, ratioCell, SUMMARY, summaryCells, table, writeResults } from '../measure/report.mjs';
import { alternate, ratio, summarise } from '../measure/stats.mjs';
import { compareAnswers, saveTraces } from './beside.mjs';
import { chosen, nodeWorker, PRECISION, timingOf } from './cases.mjs';
import { Page, servePages } from './chromium/chromium.mjs';
import { Fleet } from './fleet.mjs';
import { filesOf, MODELS, MODELS_FOLDER } from './models.mjs';

/** @typedef {import('./models.mjs').Model} Model */
/** @typedef {import('./cases.mjs').Case & { way: 'call' | 'pool', threads: number }} Case `way` is what the threads share: one call, or many */

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    models: { type: 'string', default: MODELS.map(({ name }) => name).join(',') },
    precisions: { type: 'string', default: 'f32,q8' },
    tokens: { type: 'string', default: '128,512' },
    most: { type: 'string' },
    in: { type: 'string', default: 'node,chromium' },
    only: { type: 'string' },
    warm: { type: 'string' },
    rounds: { type: 'string' },
    budget: { type: 'string' },
  },
});
/** Engines compile in the background on the cores that threads share with them, so warming up takes longer than elsewhere. */
const EFFORT = options.quick ? { warm: 2000, rounds: 5, budget: 8000 } : { warm: 2000, rounds: 11, budget: 30_000 };
/** onnxruntime's threads go on looking for work this long. */
const REST = 40;
const timing = { ...timingOf(options, EFFORT), rest: REST };
const most = Number(options.most ?? Math.min(8, availableParallelism()));
const COUNTS = Array.from({ length: most }, (_, i) => i + 1).filter((count) => count <= 4 || count % 2 === 0);
/** Texts at once, so that each worker has as many. */
const TEXTS = 4 * most;
/** Texts of this length go through the pool. */
const POOL_TOKENS = 128;
const wanted = chosen(options.only);
const counted = (/** @type {number} */ count, /** @type {string} */ what) => `${count} ${what}${count === 1 ? '' : 's'}`;

/** @typedef {{ runtime: string, threads: number, module: 'tracelet' | 'onnxweb', worker: object }} Kind */

/** One call on more and more threads. @param {string} model @param {string} precision @returns {Kind[]} */
function kindsOf(model, precision) {
  const { graph, weights, quantisedGraph } = filesOf(model);
  const graphs = precision === 'f32' ? { graph, weights } : { graph: quantisedGraph };
  return [
    ...COUNTS.map((threads) => ({
      runtime: 'tracelet',
      threads,
      module: /** @type {const} */ ('tracelet'),
      worker: { precision, load: { threads } },
    })),
    ...COUNTS.map((threads) => ({
      runtime: 'onnxruntime-web',
      threads,
      module: /** @type {const} */ ('onnxweb'),
      worker: { ...graphs, threads },
    })),
  ];
}

/** @param {Kind} kind @param {string} precision @param {string} traces folder @returns {Case} */
const inNode = ({ runtime, threads, module, worker }, precision, traces) => ({
  name: `${runtime}, ${counted(threads, 'thread')}`,
  runtime,
  precision: PRECISION[precision],
  way: 'call',
  threads,
  command: nodeWorker({ module, make: 'model', traces, ...worker }),
});

/** The same on a page, which has the models under another name. @param {Kind} kind @param {string} precision @param {string} traces folder @param {string} address @returns {Case} */
function inChromium(kind, precision, traces, address) {
  const served = (/** @type {unknown} */ option) =>
    typeof option === 'string' && option.startsWith(MODELS_FOLDER) ? option.replace(MODELS_FOLDER, '/models') : option;
  const options = Object.fromEntries(Object.entries(kind.worker).map(([name, option]) => [name, served(option)]));
  return { ...inNode(kind, precision, traces), start: () => new Page(address, { runtime: kind.module, options }) };
}

/** Many calls on one instance and on pools. @param {string} precision @param {string} traces folder @returns {Case[]} */
const poolCases = (precision, traces) =>
  COUNTS.map((threads) => ({
    name: threads === 1 ? 'one instance' : `pool of ${counted(threads, 'worker')}`,
    runtime: 'tracelet',
    precision: PRECISION[precision],
    way: 'pool',
    threads,
    command: nodeWorker({ module: 'tracelet', make: 'pool', traces, precision, workers: threads, texts: TEXTS }),
  }));

/** @param {string} heading @param {readonly Case[]} cases @param {number} tokens */
async function measure(heading, [reference, ...others], tokens) {
  const fleet = await new Fleet().open([reference, ...others.filter(({ name }) => wanted(name))]);
  try {
    await fleet.prepare({ tokens });
    if (fleet.members.length === 0) return { tokens, rows: [], missing: fleet.missing };
    const accuracies = await compareAnswers(fleet, { sameBits: true });
    const { samples, repeated } = await alternate(fleet.samplers(), { ...timing, progress: (text) => progress(`${heading}: ${text}`) });
    const rows = /** @type {(Case & import('./fleet.mjs').Member)[]} */ (fleet.members).map(({ name, runtime, way, threads }) => {
      const texts = way === 'pool' ? TEXTS : 1;
      const times = timesOf(samples, name, texts);
      const alone = fleet.members.find((other) => other.runtime === runtime);
      const scaling = ratio(timesOf(samples, alone?.name ?? name, texts), times);
      return { name, runtime, way, threads, ...summarise(times), scaling, ...accuracies.get(name) };
    });
    report(heading, rows);
    const version = fleet.members[0].version;
    return { tokens, version, repeated, rounds: samples.get(reference.name)?.length, rows, missing: fleet.missing };
  } finally {
    await fleet.close();
  }
}

/** Milliseconds a text. @param {ReadonlyMap<string, number[]>} samples @param {string} name @param {number} texts */
const timesOf = (samples, name, texts) => /** @type {number[]} */ (samples.get(name)).map((time) => time / texts);

/** @param {string} heading @param {readonly any[]} rows */
function report(heading, rows) {
  table(
    [heading, ...SUMMARY, 'times as fast as one', 'difference'],
    rows.map(({ name, scaling, difference, ...summary }) => [
      name,
      ...summaryCells(summary),
      ratioCell(scaling),
      difference.toExponential(1),
    ]),
  );
}

/** @param {Model} model @param {string} folder */
async function measureModel(model, folder) {
  const results = [];
  for (const tokens of options.tokens.split(',').map(Number)) {
    saveTraces(model, tokens, folder, ['--precisions', 'q8']);
    for (const precision of options.precisions.split(',')) {
      const title = `${model.title} ${precision}, ${tokens} tokens`;
      const about = { model: model.name, title: model.title, precision };
      const kinds = kindsOf(model.name, precision);
      for (const place of options.in.split(',')) {
        const cases = kinds.map((kind) =>
          place === 'node' ? inNode(kind, precision, folder) : inChromium(kind, precision, folder, pages.address),
        );
        results.push({ ...about, way: 'call', place, ...(await measure(`${title}, ${place}`, cases, tokens)) });
      }
      if (tokens === POOL_TOKENS)
        results.push({
          ...about,
          way: 'pool',
          place: 'node',
          texts: TEXTS,
          ...(await measure(`${title}, ${TEXTS} texts at once: each`, poolCases(precision, folder), tokens)),
        });
      await rm(`${folder}/${precision}-${tokens}.tracelet`, { force: true });
    }
  }
  return results;
}

const started = performance.now();
const here = begin('one call on several threads, many calls on several workers');
const folder = await mkdtemp(join(tmpdir(), 'tracelet-bench-'));
const pages = await servePages(folder);
const results = [];
try {
  for (const model of MODELS.filter(({ name }) => options.models.split(',').includes(name)))
    results.push(...(await measureModel(model, folder)));
} finally {
  pages.close();
  await rm(folder, { recursive: true });
}
const missing = results.flatMap(({ title, precision, place, missing }) =>
  missing.map((one) => ({ model: `${title} ${precision} in ${place}`, ...one })),
);
for (const { model, name, reason } of missing) console.log(`left out: ${model}, ${name}: ${reason}`);
writeResults('threads', {
  machine: here,
  loadAfter: machine().load,
  minutes: (performance.now() - started) / 60_000,
  quick: options.quick,
  results,
  missing,
});
