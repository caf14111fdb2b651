/**
 * Saves traces of a checkpoint for one length, in a process of its own so that their making leaves nothing behind:
 *
 *   node bench/peers/traces.mjs CHECKPOINT TOKENS FOLDER
 *
 * Prints, as JSON, why a precision is left out.
 */
import { readFile } from 'node:fs/promises';
import { BertModel, jit } from '../../dist/index.js';
import { inputsOf } from './runtimes/inputs.mjs';

const BITS = { q8: /** @type {const} */ (8), q4: /** @type {const} */ (4) };
/** Texts other than the one that is measured. */
const CALIBRATION_SEEDS = [2, 3, 4, 5];

const [checkpoint, count, folder] = process.argv.slice(2);
const tokens = Number(count);
const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
const bert = (await BertModel.from_pretrained(checkpoint, { torchscript: true })).eval();
const traced = await jit.trace(bert, inputsOf(tokens));
await jit.save(traced, `${folder}/f32-${tokens}.tracelet`);

/** @type {Record<string, string>} */
const missing = {};
for (const [precision, bits] of Object.entries(BITS)) {
  if (!manifest.exports['./quantize']) missing[precision] = 'tracelet/quantize is not in this build';
  else await quantised(precision, bits);
}
console.log(JSON.stringify(missing));

/** @param {string} precision @param {8 | 4} bits */
async function quantised(precision, bits) {
  try {
    const { quantize } = await import('../../dist/quantize/index.js');
    const calibrate = CALIBRATION_SEEDS.map((seed) => inputsOf(tokens, seed));
    const { traced: small } = await quantize(traced, { bits, calibrate });
    await jit.save(small, `${folder}/${precision}-${tokens}.tracelet`);
  } catch (error) {
    missing[precision] = error instanceof Error ? error.message : String(error);
  }
}
