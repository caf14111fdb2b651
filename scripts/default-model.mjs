/**
 * Makes models/all-MiniLM-L6-v2/model.tracelet from a directory with the all-MiniLM-L6-v2 checkpoint:
 *
 *   node scripts/default-model.mjs DIRECTORY
 *
 * Up to 64 texts of up to 128 tokens a call; int8 weights calibrated with calibration.txt; tokenizer, pooling and normalisation inside. Where
 * DIRECTORY also holds retrieval.json (pairs of query and passage), both traces embed them, and how they compare is added to the
 * report that travels in the trace.
 */
import { existsSync, readFileSync } from 'node:fs';
import { BertTokenizer, jit, SentenceEmbedder } from 'tracelet';
import { quantize, REPORT_FILE } from 'tracelet/quantize';

/** @typedef {import('tracelet').TracedModule} TracedModule */

/** @type {{ batch: [number, number], sequence: [number, number] }} */
const DYNAMIC = { batch: [1, 64], sequence: [1, 128] };
const RANKS = 10;
const place = new URL('../models/all-MiniLM-L6-v2/', import.meta.url);
const [directory] = process.argv.slice(2);
if (!directory) throw new Error('usage: node scripts/default-model.mjs DIRECTORY');

const tokenizer = await BertTokenizer.from_pretrained(directory);
const model = await SentenceEmbedder.from_pretrained(directory, { torchscript: true });
const { input_ids, token_type_ids, attention_mask } = tokenizer.encode_plus('One text in, one vector out.', undefined, {
  return_tensors: true,
});
const float = await jit.trace(model, { input_ids, token_type_ids, attention_mask }, { tokenizer, dynamic: DYNAMIC });
const calibrate = readFileSync(new URL('calibration.txt', place), 'utf8').trim().split('\n');
for (const bits of /** @type {const} */ ([4, 8])) {
  const { traced, report } = await quantize(float, { bits, calibrate });
  const evaluation = existsSync(`${directory}/retrieval.json`) ? await evaluate(float, traced) : undefined;
  console.log(`int${bits}`, { calibration: report.outputs[0], ...evaluation });
  if (bits !== 8) continue;
  const file = JSON.stringify({ ...report, evaluation });
  await jit.save(traced, new URL('model.tracelet', place).pathname, { _extra_files: { [REPORT_FILE]: file } });
}

/** Embeds all pairs with both. @param {TracedModule} before @param {TracedModule} after */
async function evaluate(before, after) {
  /** @type {[query: string, passage: string][]} */
  const pairs = JSON.parse(readFileSync(`${directory}/retrieval.json`, 'utf8'));
  const [a, b] = await Promise.all([before, after].map((traced) => embedPairs(traced, pairs)));
  const cosines = ['queries', 'passages'].flatMap((side) => a[side].map((row, i) => dot(row, b[side][i])));
  return {
    pairs: pairs.length,
    cosine: { mean: cosines.reduce((sum, value) => sum + value, 0) / cosines.length, worst: Math.min(...cosines) },
    [`mrr@${RANKS}`]: { float32: reciprocalRank(a), quantised: reciprocalRank(b) },
  };
}

/** @param {TracedModule} traced @param {readonly [string, string][]} pairs @returns {Promise<Record<string, number[][]>>} */
async function embedPairs(traced, pairs) {
  const rows = async (/** @type {number} */ side) => {
    const texts = pairs.map((pair) => pair[side]);
    return (await traced.embed(texts, { truncate: true })).tolist();
  };
  return { queries: await rows(0), passages: await rows(1) };
}

/** Mean reciprocal rank of each query's own passage among all, 0 below RANKS. @param {Record<string, number[][]>} embeddings */
function reciprocalRank({ queries, passages }) {
  const ranks = queries.map((query, i) => {
    const own = dot(query, passages[i]);
    return 1 + passages.filter((passage, j) => j !== i && dot(query, passage) > own).length;
  });
  return ranks.reduce((sum, rank) => sum + (rank <= RANKS ? 1 / rank : 0), 0) / ranks.length;
}

/** @param {readonly number[]} a @param {readonly number[]} b */
function dot(a, b) {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
