/**
 * Mixed calls for minutes, several in flight and some cancelled, in place, on two threads and on two workers. Exits with 1 if an answer is
 * lost, wrong or another's, if memory grows after warming up, or if a worker outlives dispose().
 *
 *   node bench/measure/soak/soak.mjs [--quick] [--calls 100000] [--seconds 900] [--forms place,threads,workers]
 *
 * Nearly all calls go to a small model of random weights, one in a hundred to the default model. --seconds bounds the whole. Prints a
 * table, and writes bench/results/soak-nodeMAJOR.json.
 */
import { parseArgs } from 'node:util';
import { minilm } from '@tracelet/all-minilm-l6-v2';
import { BertConfig, BertModel, jit, tensor } from '../../../dist/index.js';
import { begin, machine, progress, table, writeResults } from '../report.mjs';
import { batchQuestions, textQuestions } from './questions.mjs';
import { traffic } from './traffic.mjs';
import { ALLOWED, countWorkers, growthOf, read } from './watch.mjs';

/**
 * @typedef {import('./questions.mjs').Question} Question
 * @typedef {import('../../../dist/index.js').TracedModule} TracedModule
 * @typedef {{ name: string, load: (options: object) => Promise<TracedModule>, questions: readonly Question[], share: number, cancelWithin: number }} Subject
 * @typedef {{ name: string, key: string, options: object }} Form
 */

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    calls: { type: 'string' },
    seconds: { type: 'string', default: '900' },
    forms: { type: 'string', default: 'place,threads,workers' },
  },
});
const calls = Number(options.calls ?? (options.quick ? 10_000 : 100_000));
const READINGS = 40;
const AT_ONCE = 4;
const SMALL = { hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4, intermediate_size: 128, vocab_size: 1000 };
const MOST = { batch: 8, sequence: 64, vocabulary: SMALL.vocab_size };
const QUESTIONS = { small: 96, text: 24 };

/** @type {readonly Form[]} */
const FORMS = [
  { name: 'in place', key: 'place', options: {} },
  { name: 'threads: 2', key: 'threads', options: { threads: 2 } },
  { name: 'workers: 2', key: 'workers', options: { workers: 2 } },
];

/** @returns {Promise<Subject>} */
async function smallModel() {
  const config = new BertConfig({ ...SMALL, max_position_embeddings: MOST.sequence, torchscript: true });
  const dummy = tensor([[1, 2, 3]]);
  const inputs = { input_ids: dummy, token_type_ids: tensor([[0, 0, 0]]), attention_mask: tensor([[1, 1, 1]]) };
  const traced = await jit.trace(new BertModel(config).eval(), inputs, {
    dynamic: { batch: [1, MOST.batch], sequence: [1, MOST.sequence] },
  });
  const bytes = new Uint8Array(Buffer.concat([...(await jit.serialize(traced))]));
  const questions = await batchQuestions(traced, QUESTIONS.small, MOST);
  traced.dispose();
  return { name: 'small model', load: (how) => jit.load(bytes, how), questions, share: 0.99, cancelWithin: 4 };
}

/** @returns {Promise<Subject>} */
async function defaultModel() {
  const traced = await jit.load(minilm);
  const questions = await textQuestions(traced, QUESTIONS.text);
  traced.dispose();
  return { name: 'default model', load: (how) => jit.load(minilm, how), questions, share: 0.01, cancelWithin: 400 };
}

/** Asks every question several times at once, so that each worker has had it. @param {TracedModule} trace @param {readonly Question[]} questions */
async function warmUp(trace, questions) {
  for (const { ask } of questions) await Promise.all(Array.from({ length: AT_ONCE }, () => ask(trace, {})));
}

/** @param {Form} form @param {Subject} subject @param {{ calls: number, seconds: number }} bounds */
async function soak(form, subject, bounds) {
  const workersEnded = countWorkers();
  const trace = await subject.load(form.options);
  const reason = refusal(form, trace);
  if (reason) {
    trace.dispose();
    return { reason };
  }
  await warmUp(trace, subject.questions);
  const since = performance.now();
  /** @type {import('./watch.mjs').Reading[]} */
  const readings = [];
  const due = () => (readings.length / READINGS) * bounds.calls;
  const tally = await traffic(trace, subject.questions, {
    ...bounds,
    cancelWithin: subject.cancelWithin,
    after({ asked }) {
      if (asked < due()) return;
      readings.push(read(trace, asked));
      progress(`${subject.name}, ${form.name}: ${asked} of ${bounds.calls} calls`);
    },
  });
  readings.push(read(trace, tally.asked));
  await trace.dispose();
  const workers = await workersEnded();
  return { ...tally, seconds: (performance.now() - since) / 1000, readings, grown: growthOf(readings), workers };
}

/** Why a form cannot be had here. @param {Form} form @param {any} trace */
function refusal({ key, options }, trace) {
  if (key === 'place' || trace[key] === options[key]) return undefined;
  return trace[key] === undefined ? `jit.load takes no ${key} in this build` : trace.explain().split('\n').at(-1);
}

/** What is wrong with a run, if anything. @param {any} run */
function faults({ asked, answered, cancelled, wrong, lost, failed, failures, grown, workers }) {
  return [
    answered + cancelled !== asked && 'answers are missing',
    wrong > 0 && `${wrong} answers are wrong`,
    lost > 0 && `${lost} answers never came`,
    failed > 0 && `${failed} calls failed: ${failures.join('; ')}`,
    grown.wasm > 0 && `wasm memory grew by ${grown.wasm} bytes`,
    grown.heap > ALLOWED.heap && `the heap grew by ${grown.heap} bytes`,
    grown.resident > ALLOWED.resident && `the process grew by ${grown.resident} bytes`,
    workers.ended !== workers.started && `${workers.started - workers.ended} workers live on`,
  ].filter(Boolean);
}

const kilobytes = (/** @type {number | null} */ bytes) => (bytes === null ? '' : `${(bytes / 1000).toFixed(0)}`);
const here = begin('soak: mixed calls, several in flight, some cancelled');
const forms = FORMS.filter(({ key }) => options.forms.split(',').includes(key));
const subjects = [await smallModel(), await defaultModel()];
const each = { calls: calls / forms.length, seconds: Number(options.seconds) / forms.length / subjects.length };
/** Some for each question. @param {Subject} subject */
const callsFor = ({ share, questions }) => Math.max(Math.ceil(each.calls * share), 5 * questions.length);
const [runs, missing] = [[], []];
for (const form of forms)
  for (const subject of subjects) {
    const run = await soak(form, subject, { calls: callsFor(subject), seconds: each.seconds });
    if ('reason' in run) missing.push({ name: `${subject.name}, ${form.name}`, reason: run.reason });
    else runs.push({ subject: subject.name, form: form.name, ...run, faults: faults(run) });
  }

table(
  [
    '',
    'calls',
    'answered',
    'cancelled',
    'wrong',
    'lost or failed',
    'seconds',
    'wasm kB',
    'grown',
    'heap kB grown',
    'process kB grown',
    'workers ended',
  ],
  runs.map(({ subject, form, asked, answered, cancelled, wrong, lost, failed, seconds, readings, grown, workers }) => [
    `${subject}, ${form}`,
    ...[asked, answered, cancelled, wrong, lost + failed].map(String),
    seconds.toFixed(0),
    kilobytes(readings.at(-1).wasm),
    kilobytes(grown.wasm),
    kilobytes(grown.heap),
    kilobytes(grown.resident),
    `${workers.ended} of ${workers.started}`,
  ]),
);
for (const { name, reason } of missing) console.log(`left out: ${name}: ${reason}`);
for (const { subject, form, faults } of runs) for (const fault of faults) console.log(`FAILED: ${subject}, ${form}: ${fault}`);
if (runs.some(({ faults }) => faults.length > 0)) process.exitCode = 1;
writeResults('soak', { machine: here, loadAfter: machine().load, calls, allowed: ALLOWED, runs, missing });
