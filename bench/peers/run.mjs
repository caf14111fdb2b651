/**
 * tracelet beside other runtimes: the same weights and inputs, one thread each, answers compared first.
 *
 *   node bench/peers/run.mjs [--quick] [--models minilm,bert-base] [--tokens 14,128] [--only PART,PART] [--parts PART,PART] [--rounds N]
 *
 * Parts are models, products, starts, growth and kinds. Prints tables, and writes bench/results/peers-nodeMAJOR.json, those of kinds.mjs and peers.html.
 * With --curves, --threads or --soak those benches run instead, each with the other arguments, and the page is made again.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { begin, machine, progress, writeResults } from '../measure/report.mjs';
import { writePage } from '../page/page.mjs';
import { measureModel, YARDSTICK } from './beside.mjs';
import { chosen } from './cases.mjs';
import { filesOf, MODELS } from './models.mjs';
import { measureProducts } from './products/products.mjs';
import { measureStarts } from './starts.mjs';

const INSTEAD = { '--curves': 'curves.mjs', '--threads': 'threads.mjs', '--soak': '../measure/soak/soak.mjs' };
const instead = process.argv.slice(2).filter((argument) => argument in INSTEAD);

/** Another bench, which fails this one if it fails. @param {string} bench @param {readonly string[]} args */
function runBench(bench, args) {
  const script = fileURLToPath(new URL(bench, import.meta.url));
  const { status } = spawnSync(process.execPath, [...process.execArgv, script, ...args], { stdio: 'inherit' });
  process.exitCode ||= status ?? 1;
}

if (instead.length > 0) {
  const rest = process.argv.slice(2).filter((argument) => !instead.includes(argument));
  for (const bench of instead) runBench(INSTEAD[bench], rest);
  await writePage();
  process.exit();
}

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    models: { type: 'string', default: MODELS.map(({ name }) => name).join(',') },
    tokens: { type: 'string' },
    only: { type: 'string' },
    parts: { type: 'string', default: 'models,products,starts,growth,kinds' },
    rounds: { type: 'string' },
  },
});

/** Milliseconds, rounds, lengths and calls. */
const EFFORT = options.quick
  ? { timing: { warm: 500, rounds: 5, budget: 10_000 }, tokens: '14,128', starts: { minilm: 2, 'bert-base': 0 }, calls: 1000 }
  : { timing: { warm: 1500, rounds: 15, budget: 15_000 }, tokens: '14,32,128,512', starts: { minilm: 7, 'bert-base': 3 }, calls: 10_000 };

const timing = { ...EFFORT.timing, ...(options.rounds && { rounds: Number(options.rounds) }) };
const lengths = (options.tokens ?? EFFORT.tokens).split(',').map(Number);
const wanted = chosen(options.only);
const parts = new Set(options.parts.split(','));
const models = MODELS.filter(({ name }) => options.models.split(',').includes(name));

function growth() {
  progress('calls in a row');
  const script = fileURLToPath(new URL('growth.mjs', import.meta.url));
  const args = [...process.execArgv, script, '--calls', `${EFFORT.calls}`];
  try {
    return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
  } catch (error) {
    const { stdout } = /** @type {Error & { stdout: string }} */ (error);
    if (!stdout) throw error;
    process.exitCode = 1;
    return JSON.parse(stdout);
  }
}

/** @param {ReturnType<typeof growth>} result */
function printGrowth({ calls, wasm, grown, ok }) {
  const grew = `wasm memory ${wasm.before} bytes before, ${wasm.after} after; resident ${(grown / 1e6).toFixed(1)} MB more`;
  console.log(`${calls} calls of mixed texts: ${grew}: ${ok ? 'nothing grows' : 'IT GROWS'}\n`);
}

for (const { name } of models)
  if (!existsSync(filesOf(name).weights)) throw new Error(`${filesOf(name).weights} is not there: npm run bench:setup`);

const started = performance.now();
const here = begin('tracelet beside other runtimes, one thread each, one text a call');
/** @type {Map<string, string>} */
const versions = new Map();
const results = { models: [], products: [], starts: [], growth: null, missing: [] };
for (const model of parts.has('models') ? models : []) {
  const measured = await measureModel(model, { lengths, wanted, timing });
  results.models.push(...measured.results);
  results.missing.push(...measured.missing.map((one) => ({ model: model.title, ...one })));
  for (const [runtime, version] of measured.versions) versions.set(runtime, version);
}
if (parts.has('products')) results.products = await measureProducts(wanted, timing);
for (const { rows } of results.products) for (const { runtime, version } of rows) versions.set(runtime, version);
for (const model of models)
  if (parts.has('starts') && EFFORT.starts[model.name] > 0)
    results.starts.push(await measureStarts(model, wanted, EFFORT.starts[model.name]));
if (parts.has('growth')) {
  results.growth = growth();
  printGrowth(results.growth);
}
for (const { model, name, reason } of results.missing) console.log(`left out: ${model}, ${name}: ${reason}`);
writeResults('peers', {
  machine: here,
  loadAfter: machine().load,
  minutes: (performance.now() - started) / 60_000,
  quick: options.quick,
  yardstick: YARDSTICK,
  versions: Object.fromEntries(versions),
  ...results,
});
if (parts.has('kinds')) {
  const given = ['tokens', 'only', 'rounds'].flatMap((name) => (options[name] === undefined ? [] : [`--${name}`, options[name]]));
  runBench('kinds.mjs', options.quick ? ['--quick', ...given] : given);
}
await writePage();
