/**
 * bench/results/peers.html: the JSON of bench/results on one page that needs nothing else.
 *
 *   npm run bench:page      after npm run bench:setup
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { progress } from '../measure/report.mjs';
import { LEAST_COSINE, TOLERANCE } from '../peers/accuracy.mjs';
import { escaped } from './markup.mjs';
import { missingSection, modelSections, productSection, startSections } from './sections.mjs';
import { topicSections } from './topics.mjs';

const RESULTS = new URL('../results/', import.meta.url);
/** The length that headlines are about. */
const HEADLINE_TOKENS = 128;

/** Results of a bench, the newest Node first. @param {'peers' | 'kinds' | 'curves' | 'threads' | 'soak'} bench @returns {Promise<any[]>} */
async function readResults(bench) {
  const names = (await readdir(RESULTS)).filter((name) => name.startsWith(`${bench}-`) && name.endsWith('.json'));
  const runs = await Promise.all(names.map(async (name) => JSON.parse(await readFile(new URL(name, RESULTS), 'utf8'))));
  return runs.sort((a, b) => Number.parseInt(b.machine.node.slice(1), 10) - Number.parseInt(a.machine.node.slice(1), 10));
}

/** How many times as fast the best of tracelet is as a peer of the same precision. @param {any} result @param {string} precision @param {string} peer */
function advantage({ rows }, precision, peer) {
  const least = (/** @type {string} */ runtime) =>
    Math.min(
      ...rows
        .filter((/** @type {any} */ row) => row.runtime === runtime && row.precision === precision)
        .map((/** @type {any} */ { median }) => median),
    );
  const ratio = least(peer) / least('tracelet');
  return Number.isFinite(ratio) ? ratio : undefined;
}

/** @param {string} figure @param {string} text */
const card = (figure, text) => `<div><b>${escaped(figure)}</b><small>${escaped(text)}</small></div>`;

/** @param {any} run */
function headlines({ models, starts, machine }) {
  const cards = [];
  for (const result of models.filter((/** @type {any} */ { tokens }) => tokens === HEADLINE_TOKENS))
    for (const precision of ['float32', 'int8']) {
      const ratio = advantage(result, precision, 'onnxruntime-web');
      if (ratio)
        cards.push(card(`${ratio.toFixed(2)}×`, `the speed of onnxruntime-web, ${result.title}, ${result.tokens} tokens, ${precision}`));
    }
  const native = models.find((/** @type {any} */ { tokens }) => tokens === HEADLINE_TOKENS);
  const share = native && advantage(native, 'float32', 'onnxruntime-node');
  if (share)
    cards.push(
      card(`${share.toFixed(2)}×`, `the speed of native code, onnxruntime-node, ${native.title}, ${native.tokens} tokens, float32`),
    );
  const first = starts[0]?.rows;
  const find = (/** @type {string} */ name) => first?.find((/** @type {any} */ row) => row.name === name)?.median;
  const [ours, theirs] = [find('tracelet, default model'), find('onnxruntime-web q8')];
  if (ours && theirs)
    cards.push(
      card(
        `${Math.round(ours)} ms`,
        `from process start to the first embedding with int8 weights; onnxruntime-web ${Math.round(theirs)} ms`,
      ),
    );
  return `<div class="cards">${cards.join('')}</div><p class="soft">Node ${escaped(machine.node)}, the best of tracelet's kernels beside the same precision of the peer.</p>`;
}

const LEGEND = `<ul class="legend">
<li><i style="background:var(--tracelet)"></i>tracelet: WebAssembly</li>
<li><i style="background:var(--wasm)"></i>other WebAssembly runtimes</li>
<li><i style="background:var(--native)"></i>native code, for comparison: onnxruntime-node, transformers.js (which uses it), PyTorch</li>
</ul>`;

/** @param {any} run */
function runSection(run) {
  const { machine, versions, minutes, quick } = run;
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const id = `node${Number.parseInt(machine.node.slice(1), 10)}`;
  return `<section id="${id}"><h2>Node ${escaped(machine.node)}</h2>
<p class="soft">${escaped(machine.cpu)}, ${machine.cores} cores, ${escaped(machine.os)}; ${escaped(machine.date.slice(0, 10))}${quick ? '; a quick run: few rounds, expect spread' : ''}. ${escaped(named.join(', '))}.
Load average ${machine.load[0]} before and ${run.loadAfter[0]} after, ${minutes.toFixed(0)} minutes.</p>
${LEGEND}${modelSections(run)}
${part(START, startSections(run))}
${part(PRODUCT, productSection(run))}
${missingSection(run)}</section>`;
}

const START = `<h3>Start and memory</h3>
<p>The default model is int8, and its answer includes the tokenizer, pooling and normalisation; all others are given token ids.</p>`;
const PRODUCT = `<h3>One matrix product</h3>
<p>Nearly all the time of a transformer goes into products like these. TensorFlow.js has no BERT of its own, so it is compared here.</p>`;

/** A part of a run under its heading, if the run has it. @param {string} heading @param {string} content */
const part = (heading, content) => (content.trim() === '' ? '' : heading + content);

const METHOD = `<h2>How it is measured</h2>
<p>Each runtime runs in a process of its own, on one thread, with the same seeded weights and the same token ids. Seeded weights cost what
trained ones cost: the work of a transformer does not depend on their values.</p>
<p><strong>Answers first.</strong> A float32 answer that differs from tracelet's by more than ${TOLERANCE}, an int8 one whose cosine to it is below
${LEAST_COSINE.int8} or an int4 one below ${LEAST_COSINE.int4}, is left out of the timing, and the bench fails.</p>
<p><strong>In turns.</strong> A round holds one sample of every runtime, and each round begins with another, so a machine that slows down slows all of
them. Each is warmed up by time. Rounds in which something else had the processor are repeated. Ratios are medians of the ratios within rounds.</p>
<p>int8 graphs for onnxruntime and transformers.js come from onnxruntime's own dynamic quantisation with constants folded. Every runtime returns its
outputs as JavaScript arrays, PyTorch as tensors. Whatever a later run of the same runtime could reuse is reused: sessions, packed weights, traces.</p>
<h2>How to reproduce it</h2>
<pre>git clone … &amp;&amp; cd tracelet &amp;&amp; npm install
npm run bench:setup               # weights, ONNX graphs, Python packages; -- --torch adds PyTorch
npm run bench                     # or, in eight minutes: npm run bench -- --quick
npm run bench -- --curves --threads --soak                       # the sections about tokens, threads and the soak
bench/node_modules/node26/bin/node bench/peers/run.mjs     # the same on Node 26</pre>`;

/** Writes the page of all results that are there. */
export async function writePage() {
  const [runs, kinds, curves, threads, soak] = [
    await readResults('peers'),
    await readResults('kinds'),
    await readResults('curves'),
    await readResults('threads'),
    await readResults('soak'),
  ];
  if (runs.length === 0) throw new Error('no results: npm run bench');
  const topics = topicSections({ kinds, curves, threads, soak });
  const style = await readFile(new URL('style.css', import.meta.url), 'utf8');
  const links = [
    ...runs.map(({ machine }) => `<a href="#node${Number.parseInt(machine.node.slice(1), 10)}">Node ${escaped(machine.node)}</a>`),
    ...topics.map(({ id, title }) => `<a href="#${id}">${title}</a>`),
  ];
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>tracelet beside other runtimes</title><style>${style}</style></head><body><main>
<h1>tracelet beside other runtimes</h1>
<p>How long JavaScript takes to turn one text into vectors with two common models, MiniLM-L6 (22 million weights) and BERT-base (110 million), on
one thread. tracelet compiles nothing at run time but one small WebAssembly module. A token is about three quarters of a word.</p>
${headlines(runs[0])}${links.length > 1 ? `<nav>${links.join('')}</nav>` : ''}
${runs.map(runSection).join('')}
${topics.map(({ html }) => html).join('')}
${METHOD}</main></body></html>
`;
  const file = new URL('peers.html', RESULTS);
  await writeFile(file, html);
  progress(`wrote ${fileURLToPath(file)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writePage();
