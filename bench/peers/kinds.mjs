/**
 * One model of each kind of attention, tracelet beside onnxruntime-web on the same weights: answers compared first, then timed in turns on one thread.
 *
 *   node bench/peers/kinds.mjs [--quick] [--kinds plain,rotary] [--tokens 14,128] [--only PART,PART] [--warm MS] [--rounds N] [--budget MS]
 *
 * Needs npm run bench:setup. Prints tables, and writes bench/results/kinds-nodeMAJOR.json.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { begin, digits, machine, progress, table, writeResults } from '../measure/report.mjs';
import { measureLength, YARDSTICK } from './beside.mjs';
import { chosen, nodeWorker, timingOf } from './cases.mjs';
import { Fleet } from './fleet.mjs';
import { KINDS } from './kinds/models.mjs';

/** @typedef {import('./kinds/models.mjs').Kind} Kind */
/** @typedef {import('./cases.mjs').Case} Case */

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    kinds: { type: 'string', default: KINDS.map(({ name }) => name).join(',') },
    tokens: { type: 'string' },
    only: { type: 'string' },
    warm: { type: 'string' },
    rounds: { type: 'string' },
    budget: { type: 'string' },
  },
});
const EFFORT = options.quick
  ? { warm: 500, rounds: 5, budget: 4000, tokens: '14,128' }
  : { warm: 1500, rounds: 15, budget: 15_000, tokens: '14,128,512' };
const timing = timingOf(options, EFFORT);
const lengths = (options.tokens ?? EFFORT.tokens).split(',');
const wanted = chosen(options.only);
const TRACES = fileURLToPath(new URL('kinds/traces.mjs', import.meta.url));

/** The reference first. @param {string} folder @param {string} tokens @returns {Case[]} */
const casesOf = (folder, tokens) => [
  ...Object.entries({ f32: /** @type {const} */ ('float32'), q8: /** @type {const} */ ('int8') }).map(([short, precision]) => ({
    name: `tracelet ${short}`,
    runtime: 'tracelet',
    precision,
    command: nodeWorker({ module: 'tracelet', make: 'model', traces: folder, precision: short }),
  })),
  {
    name: YARDSTICK,
    runtime: 'onnxruntime-web',
    precision: 'float32',
    command: nodeWorker({ module: 'onnxweb', make: 'model', graph: `${folder}/${tokens}.onnx` }),
  },
];

/** @param {Kind} kind @param {string} folder @param {string} tokens */
async function measureKind({ name, title, attention }, folder, tokens) {
  const [reference, ...others] = casesOf(folder, tokens);
  const fleet = await new Fleet().open([reference, ...others.filter((one) => wanted(one.name))]);
  try {
    await fleet.prepare({ tokens: Number(tokens) });
    if (fleet.members[0]?.name !== reference.name) throw new Error(`${reference.name}: ${fleet.missing[0].reason}`);
    const measured = await measureLength({ name, title: `${attention}: ${title}` }, Number(tokens), fleet, timing);
    const versions = fleet.members.map(({ runtime, version }) => [runtime, version]);
    return { ...measured, title, attention, versions, missing: fleet.missing };
  } finally {
    await fleet.close();
  }
}

/** All lengths of a kind. @param {Kind} kind */
async function measureAll(kind) {
  const folder = await mkdtemp(join(tmpdir(), 'tracelet-bench-'));
  try {
    progress(`${kind.title}: tracing`);
    execFileSync(process.execPath, [TRACES, kind.name, folder, ...lengths], { stdio: 'inherit' });
    const results = [];
    for (const tokens of lengths) results.push(await measureKind(kind, folder, tokens));
    return results;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Milliseconds, and how many times as fast as the yardstick. @param {Awaited<ReturnType<typeof measureKind>>} result @param {string} name */
function cell({ rows }, name) {
  const row = rows.find((one) => one.name === name);
  return row ? `${digits(row.median)} (${row.faster.median.toFixed(2)})` : '';
}

const started = performance.now();
const here = begin('kinds of attention, three layers each, one thread, one text a call');
/** @type {Awaited<ReturnType<typeof measureKind>>[]} */
const results = [];
for (const kind of KINDS.filter(({ name }) => options.kinds.split(',').includes(name))) results.push(...(await measureAll(kind)));
for (const tokens of lengths) {
  const names = ['tracelet f32', 'tracelet q8', YARDSTICK];
  const these = results.filter((result) => result.tokens === Number(tokens));
  table(
    [`${tokens} tokens: ms (times as fast)`, ...names],
    these.map((result) => [`${result.attention}: ${result.title}`, ...names.map((name) => cell(result, name))]),
  );
}
const missing = results.flatMap(({ title, tokens, missing }) => missing.map((one) => ({ model: `${title}, ${tokens} tokens`, ...one })));
for (const { model, name, reason } of missing) console.log(`left out: ${model}, ${name}: ${reason}`);
writeResults('kinds', {
  machine: here,
  loadAfter: machine().load,
  minutes: (performance.now() - started) / 60_000,
  quick: options.quick,
  yardstick: YARDSTICK,
  versions: Object.fromEntries(results.flatMap(({ versions }) => versions)),
  results: results.map(({ versions, missing, ...result }) => result),
  missing,
});
