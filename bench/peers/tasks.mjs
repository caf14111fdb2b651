/**
 * What transformers.js and tracelet answer where Python's answers are known: the first ten texts of each task of the fixtures, in a table of Markdown.
 *
 *   node bench/peers/tasks.mjs [--python FILE]
 *
 * Python's answers lie beside the fixtures. FILE is a Python with torch, transformers, onnx and onnxscript, which makes the graphs that transformers.js
 * runs; what was made is kept in build/graphs.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AutoModelForSequenceClassification, AutoTokenizer, env, pipeline as theirs } from '@huggingface/transformers';
import { CrossEncoder, pipeline as ours, SentenceTransformer } from '../../dist/index.js';
import { callApart } from '../../test/runtimes/answers.mjs';
import { layInto } from '../../test/runtimes/laid.mjs';

const { values: options } = parseArgs({ options: { python: { type: 'string' } } });
const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const [FIXTURES, BUILD] = [here('../../test/fixtures'), here('../../build/graphs')];
const TEXTS = 10;

/** @typedef {{ inputs: any, kwargs: Record<string, any>, output?: any, error?: string }} Call */
/** @typedef {{ title: string, name: string, task: string, chosen?: (call: Call) => boolean }} Row */

const plain = (/** @type {Call} */ { kwargs }) => Object.keys(kwargs).length === 0;
/** @type {readonly Row[]} */
const ROWS = [
  { title: 'text-classification, three labels', name: 'classify-3', task: 'text-classification', chosen: plain },
  { title: 'text-classification, one label (rerankers)', name: 'classify-1', task: 'text-classification', chosen: plain },
  { title: 'token-classification, tokens', name: 'ner', task: 'token-classification', chosen: plain },
  { title: 'token-classification, entities (`simple`)', name: 'ner', task: 'token-classification', chosen: ({ kwargs }) => kwargs.aggregation_strategy === 'simple' },
  { title: 'fill-mask', name: 'mask', task: 'fill-mask' },
  { title: 'question-answering', name: 'qa', task: 'question-answering' },
  { title: 'zero-shot-classification', name: 'zero-shot', task: 'zero-shot-classification' },
]; // biome-ignore format: rows

/** How each task is called with what Python is given. @type {Record<string, (run: any, inputs: any, kwargs: Record<string, any>) => Promise<any>>} */
const CALLED = {
  'question-answering': (run, inputs, kwargs) =>
    Array.isArray(inputs) ? Promise.all(inputs.map(({ question, context }) => run(question, context, kwargs))) : run(inputs.question, inputs.context, kwargs),
  'zero-shot-classification': (run, inputs, { candidate_labels, ...kwargs }) => run(inputs, candidate_labels, kwargs),
}; // biome-ignore format: two calls

const SHAPES = ['start', 'end'];
/** @param {any} value @returns {any} */
const withoutPlaces = (value) => {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !SHAPES.includes(name)).map(([name, each]) => [name, withoutPlaces(each)])); // biome-ignore format: a row
};

/** Why an answer is not Python's; undefined where it is. @param {string} task @param {(inputs: any, kwargs: any) => Promise<any>} ask @param {Call} call */
async function fault(task, ask, call) {
  try {
    await callApart(task, ask, call);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    if (!call.error) return message;
    return /got no error/.test(message) ? `answers, where Python says ${call.error}` : undefined;
  }
  return undefined;
}

/** How many of the calls get Python's answer, and the first fault. @param {string} task @param {any} run @param {readonly Call[]} calls */
async function compared(task, run, calls) {
  const ask = CALLED[task] ? (/** @type {any} */ inputs, /** @type {any} */ kwargs) => CALLED[task](run, inputs, kwargs) : run;
  const faults = [];
  for (const call of calls) {
    const why = await fault(task, ask, call);
    if (why) faults.push(`${JSON.stringify(call.inputs)}: ${why}`);
  }
  return { equal: calls.length - faults.length, first: faults[0] };
}

/** The same calls and answers without places in the text. @param {readonly Call[]} calls */
const placeless = (calls) => calls.map(({ output, ...call }) => ({ ...call, output: withoutPlaces(output) }));

/** The graphs that transformers.js runs; false where there is no Python to make them. @param {readonly string[]} names */
function graphsFor(names) {
  const missing = names.filter((name) => !existsSync(join(BUILD, name, 'onnx/model.onnx')));
  if (missing.length === 0) return true;
  if (!options.python) return false;
  mkdirSync(BUILD, { recursive: true });
  execFileSync(options.python, ['-P', here('graphs.py'), BUILD, ...missing.map(folderOf)], { stdio: ['ignore', 'ignore', 'inherit'] });
  return true;
}

/** A folder of the fixtures, laid out where it shares files with others. @param {string} name */
function folderOf(name) {
  if (existsSync(join(FIXTURES, 'pipelines', name))) return join(FIXTURES, 'pipelines', name);
  const folder = join(BUILD, 'folders', name);
  layInto(folder, name);
  return folder;
}

/** @param {readonly string[]} cells */
const line = (cells) => console.log(`| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`);
const short = (/** @type {string} */ text) => (text.length > 240 ? `${text.slice(0, 239)}…` : text);

/**
 * A line of the table.
 *
 * @typedef {{ equal: number, first?: string }} Compared
 * @param {string} title @param {readonly Call[]} calls @param {Compared} mine @param {Compared | false} peers
 */
function show(title, calls, mine, peers) {
  if (mine.first) console.error(`${title}: ${mine.first}`);
  const has = JSON.stringify(calls).includes('"start":') ? ', without places' : '';
  const counted = (/** @type {Compared} */ { equal }) => `${equal} of ${calls.length}`;
  line([title, counted(mine), peers ? `${counted(peers)}${has}` : NONE, peers ? short(peers.first ?? '') : '']);
}

env.localModelPath = BUILD;
env.allowRemoteModels = false;
const [VECTORS, PAIRS] = ['st-mean', 'ce-1'];
const drawn = graphsFor([...new Set([...ROWS.map(({ name }) => name), VECTORS, PAIRS])]);
const NONE = 'not run: no graphs (--python)';

line(['task', 'tracelet', 'transformers.js', 'where transformers.js differs first']);
line(['---', '---', '---', '---']);
for (const { title, name, task, chosen = () => true } of ROWS) {
  const file = JSON.parse(readFileSync(join(folderOf(name), 'pipeline.json'), 'utf8'));
  const calls = file.calls.filter(chosen).slice(0, TEXTS);
  const mine = await ours(/** @type {'ner'} */ (task), folderOf(name));
  const here = await compared(task, mine, calls);
  mine.dispose();
  const there = drawn && (await compared(task, await theirs(/** @type {any} */ (task), name, { dtype: 'fp32' }), placeless(calls)));
  show(title, calls, here, there);
}
await vectors();
await pairs();

/** Vectors of texts, as the folder says that they are made. */
async function vectors() {
  const [{ sentences, embeddings }] = JSON.parse(readFileSync(join(folderOf(VECTORS), 'sentence.json'), 'utf8')).calls;
  const texts = sentences.slice(0, TEXTS);
  const model = await SentenceTransformer.from_pretrained(folderOf(VECTORS));
  const calls = texts.map((/** @type {string} */ inputs, /** @type {number} */ i) => ({ inputs, kwargs: {}, output: [embeddings[i]] }));
  const task = 'feature-extraction';
  const here = await compared(task, async (/** @type {string} */ text) => [await model.encode(text, { truncate: true })], calls);
  model.dispose();
  const extract = drawn && (await theirs(task, VECTORS, { dtype: 'fp32' }));
  const pooled = async (/** @type {string} */ text) => (await extract(text, { pooling: 'mean' })).tolist();
  const there = extract && (await compared(task, pooled, calls));
  show('feature-extraction, pooled by the mean', calls, here, there);
}

/** Scores of pairs: there by a model and its tokenizer, as there is no task for it. */
async function pairs() {
  /** @type {{ method: string, args: any[], kwargs: object, output: any }[]} */
  const { calls: asked } = JSON.parse(readFileSync(join(folderOf(PAIRS), 'cross.json'), 'utf8'));
  const scores = asked.flatMap(({ method, args: [first, second], kwargs, output }) => {
    if (method === 'rank') return output.map((/** @type {any} */ { corpus_id, score }) => [[first, second[corpus_id]], score]);
    const plainly = Array.isArray(first[0]) && Object.keys(kwargs).length === 0;
    return plainly ? first.map((/** @type {[string, string]} */ pair, /** @type {number} */ i) => [pair, output[i]]) : [];
  });
  const known = new Map(scores.map(([inputs, score]) => [JSON.stringify(inputs), { inputs, kwargs: {}, output: [score] }]));
  const calls = [...known.values()].slice(0, TEXTS);
  const task = 'cross-encoder';
  const model = await CrossEncoder.from_pretrained(folderOf(PAIRS));
  const here = await compared(task, async (/** @type {[string, string]} */ pair) => [await model.predict(pair)], calls);
  model.dispose();
  const there = drawn && (await compared(task, await scorer(PAIRS), calls));
  show('cross-encoder, pairs of texts (there by AutoTokenizer and AutoModelForSequenceClassification)', calls, here, there);
}

/** @param {string} name */
async function scorer(name) {
  const tokenizer = await AutoTokenizer.from_pretrained(name);
  const model = await AutoModelForSequenceClassification.from_pretrained(name, { dtype: 'fp32' });
  return async (/** @type {[string, string]} */ [text, text_pair]) => {
    const { logits } = await model(tokenizer([text], { text_pair: [text_pair], padding: true, truncation: true }));
    return logits.sigmoid().tolist()[0];
  };
}
