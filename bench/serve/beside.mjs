/**
 * Servers of all-MiniLM-L6-v2 under the same load: tracelet, and transformers.js on onnxruntime-node and on onnxruntime-web, with as many threads as there are workers.
 *
 *   TRACELET_MINILM=DIR node bench/serve/beside.mjs [--workers 1] [--rounds 3] [--seconds 4] [--minutes 4]
 *
 * DIR is the float32 checkpoint of the model. Its graphs are made once, in build/serve, with what `npm run bench:setup` installed. Answers are compared before anything is measured, and servers take
 * turns of at least --seconds. No turn begins that would likely end after --minutes: there are fewer rounds then, and the table says how many. Writes bench/results/serve-beside-nodeMAJOR.json, anew
 * after each turn. Fails where an answer is too far from float32.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { begin, digits, progress, ratioCell, table, writeResults } from '../measure/report.mjs';
import { median, ratio } from '../measure/stats.mjs';
import { accuracyOf, tooFar } from '../peers/accuracy.mjs';
import { filesOf, VENV } from '../peers/models.mjs';
import { amountIn, CONNECTIONS, HEADERS, load, PER_REQUEST, startServer } from './child.mjs';
import { MODEL, texts } from './texts.mjs';

/** @typedef {'float32' | 'int8'} Precision */

const { values } = parseArgs({
  options: {
    workers: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    minutes: { type: 'string', default: '4' },
  },
});
const workers = Number(values.workers ?? Math.max(1, availableParallelism() - 1));
const [rounds, seconds, minutes] = [values.rounds, values.seconds, values.minutes].map(Number);
/** Milliseconds that are left, those that the process took to start counted. */
const left = () => 60_000 * minutes - performance.now();
const checkpoint = process.env.TRACELET_MINILM;
if (!checkpoint) throw new Error('TRACELET_MINILM: expected the folder of the float32 checkpoint of all-MiniLM-L6-v2, got nothing');
const FOLDER = fileURLToPath(new URL('../../build/serve', import.meta.url));
const NAME = 'all-MiniLM-L6-v2';
const COMPARED = 32;

/** The checkpoint as transformers.js reads it: weights beside a graph that points into them, and a graph in int8. @param {string} from */
function layOut(from) {
  const onnx = `${FOLDER}/${NAME}/onnx`;
  if (existsSync(`${onnx}/model_quantized.onnx`)) return;
  mkdirSync(onnx, { recursive: true });
  for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) cpSync(`${from}/${file}`, `${FOLDER}/${NAME}/${file}`);
  cpSync(`${from}/model.safetensors`, `${onnx}/model.safetensors`);
  cpSync(filesOf('minilm').givenGraph, `${onnx}/model.onnx`);
  const quantise = fileURLToPath(new URL('../peers/quantise.py', import.meta.url));
  execFileSync(`${VENV}/bin/python`, [quantise, `${onnx}/model.onnx`, `${onnx}/model_quantized.onnx`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** @param {Precision} precision @param {boolean} isWasm */
const peer = (precision, isWasm) => ({
  name: `transformers.js on onnxruntime-${isWasm ? 'web' : 'node'}`,
  precision,
  script: 'peer.mjs',
  args: [JSON.stringify({ folder: FOLDER, name: NAME, dtype: precision === 'int8' ? 'q8' : 'fp32', isWasm, threads: workers })],
});
/** @param {Precision} precision @param {string} model */
const ours = (precision, model) => ({ name: 'tracelet', precision, script: 'server.mjs', args: [`${workers}`, model] });

const CASES = [
  ours('float32', checkpoint),
  peer('float32', false),
  peer('float32', true),
  ours('int8', MODEL),
  peer('int8', false),
  peer('int8', true),
];

/** @param {string} url @param {readonly string[]} inputs */
async function vectorsOf(url, inputs) {
  const response = await fetch(`${url}embed`, { method: 'POST', headers: HEADERS, body: JSON.stringify({ inputs }) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return new Float32Array((await response.json()).flat());
}

/** @typedef {(typeof CASES)[number] & { server: import('./child.mjs').Server, rounds: number, rates: number[], failed: number, cosine: number, latency?: { p50: number, p99: number } }} Member */

/** Starts all that can be started; says why others cannot. @param {Member[]} members */
async function open(members) {
  for (const one of CASES) {
    progress(`opening ${one.name} ${one.precision}\n`);
    try {
      members.push({ ...one, server: await startServer(one.script, one.args), rounds: 0, rates: [], failed: 0, cosine: 1 });
    } catch (error) {
      console.log(`${one.name} ${one.precision} left out: ${/** @type {Error} */ (error).message}`);
    }
  }
}

/** Compares answers with those of the first. Quantising as others do it is theirs to answer for. @param {readonly Member[]} members @param {readonly string[]} inputs */
async function compare(members, inputs) {
  const reference = await vectorsOf(members[0].server.url, inputs);
  for (const member of members) {
    const accuracy = accuracyOf([await vectorsOf(member.server.url, inputs)], [reference]);
    member.cosine = 1 - accuracy.cosineError;
    const why = tooFar(member.precision, accuracy);
    if (why) console.log(`${member.name} ${member.precision}: ${why}`);
    if (why && (member.name === 'tracelet' || member.precision === 'float32')) process.exitCode = 1;
  }
}

/** How many requests a turn has. @param {Member} member */
const amountOf = ({ rates }) => Math.max(CONNECTIONS, amountIn(median(rates), seconds));

/** Milliseconds of a turn, at the rate so far. @param {Member} member */
const turnOf = (member) => (1000 * PER_REQUEST * amountOf(member)) / median(member.rates);

/** @param {string} what @param {Member} member @param {string} got */
const tell = (what, { name, precision }, got) => progress(`${what}, ${name} ${precision}: ${got}; ${digits(left() / 1000)} s left\n`);

/**
 * Throughput in turns, then times at half of it. What warms a server up counts where there is no time for a turn.
 * @param {readonly Member[]} members @param {readonly string[]} list
 */
async function measure(members, list) {
  for (const member of members) {
    const { texts: rate, failed } = await load(member.server.url, list, CONNECTIONS);
    Object.assign(member, { rates: [rate], failed });
    tell('warm', member, `${digits(rate)} texts a second`);
    save(members);
  }
  const atHalf = 1000 * seconds * members.length;
  for (let round = 1; round <= rounds; round++) {
    if (round > 1 && members.reduce((sum, member) => sum + turnOf(member), atHalf) > left()) break;
    for (const member of members) {
      if (turnOf(member) > left()) continue;
      const { texts: rate, failed } = await load(member.server.url, list, amountOf(member));
      if (member.rounds++ === 0) member.rates = [];
      member.rates.push(rate);
      member.failed += failed;
      tell(`round ${round} of ${rounds}`, member, `${digits(rate)} texts a second`);
      save(members);
    }
  }
  for (const member of members) {
    if (1000 * seconds > left()) break;
    const overallRate = Math.max(1, Math.round(median(member.rates) / PER_REQUEST / 2));
    ({ latency: member.latency } = await load(member.server.url, list, seconds * overallRate, { overallRate }));
    tell('at half load', member, `${member.latency?.p50} ms`);
    save(members);
  }
}

/** @param {readonly Member[]} members */
function show(members) {
  const ratesOf = (/** @type {Precision} */ precision) =>
    members.find((member) => member.name === 'tracelet' && member.precision === precision)?.rates ?? [];
  table(
    ['', 'weights', 'rounds', 'texts a second', 'tracelet is faster by', 'ms at half load: median', '99th of 100', 'failed', 'cosine'],
    members.map(({ name, precision, rounds, rates, latency, failed, cosine }) => [
      name,
      precision,
      `${rounds}`,
      digits(median(rates)),
      ratioCell(ratio(ratesOf(precision), rates)),
      `${latency?.p50 ?? '-'}`,
      `${latency?.p99 ?? '-'}`,
      `${failed}`,
      cosine.toFixed(6),
    ]),
  );
}

/** @param {readonly Member[]} members */
function save(members) {
  const rows = members.map(({ server: { version }, script: _, args: __, latency, ...row }) => ({
    ...row,
    version,
    latency: { p50: latency?.p50, p99: latency?.p99 },
  }));
  writeResults('serve-beside', { machine, workers, rows });
}

/** A server that hangs ends it all; what was measured before is written. */
setTimeout(() => {
  console.error(`${minutes} minutes were over a minute ago`);
  process.exit(1);
}, left() + 60_000).unref();

const machine = begin(`${NAME}, ${workers} workers or threads, ${CONNECTIONS} connections, ${PER_REQUEST} texts a request`);
layOut(checkpoint);
const list = texts(512);
/** @type {Member[]} */
const members = [];
try {
  await open(members);
  await compare(members, list.slice(0, COMPARED));
  await measure(members, list);
  show(members);
} finally {
  await Promise.all(members.map(({ server }) => server.end()));
}
