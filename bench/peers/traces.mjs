/**
 * Saves traces of a checkpoint for one length, in a process of its own so that their making leaves nothing behind:
 *
 *   node bench/peers/traces.mjs CHECKPOINT TOKENS FOLDER [--form strict|dynamic|exact|exact-dynamic] [--precisions q8,q4] [--like FILE]
 *
 * --like names a quantised trace whose weights are taken, so that traces of several forms answer the same bits. Prints, as JSON, why a
 * precision is left out.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { BertModel, jit } from '../../dist/index.js';
import { inputsOf } from './runtimes/inputs.mjs';

const BITS = { q8: /** @type {const} */ (8), q4: /** @type {const} */ (4) };
/** Texts other than the one that is measured. */
const CALIBRATION_SEEDS = [2, 3, 4, 5];

const DYNAMIC = { batch: [1, 64], sequence: [1, 512] };
const FORMS = {
  strict: {},
  dynamic: { dynamic: DYNAMIC },
  exact: { exact_padding: true },
  'exact-dynamic': { dynamic: DYNAMIC, exact_padding: true },
};

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    form: { type: 'string', default: 'strict' },
    precisions: { type: 'string', default: Object.keys(BITS).join(',') },
    like: { type: 'string' },
  },
});
const [checkpoint, count, folder] = positionals;
const tokens = Number(count);
const name = options.form === 'strict' ? count : options.form;
const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
const bert = (await BertModel.from_pretrained(checkpoint, { torchscript: true })).eval();
const traced = await jit.trace(bert, inputsOf(tokens), FORMS[options.form]);
await jit.save(traced, `${folder}/f32-${name}.tracelet`);

/** @type {Record<string, string>} */
const missing = {};
for (const precision of options.precisions.split(',')) {
  if (!manifest.exports['./quantize']) missing[precision] = 'tracelet/quantize is not in this build';
  else await quantised(precision, BITS[precision]);
}
console.log(JSON.stringify(missing));

/** @param {string} precision @param {8 | 4} bits */
async function quantised(precision, bits) {
  try {
    const { quantize } = await import('../../dist/quantize/index.js');
    const calibrate = CALIBRATION_SEEDS.map((seed) => inputsOf(tokens, seed));
    const { traced: small } = await quantize(traced, { bits, ...(options.like ? { like: await jit.load(options.like) } : { calibrate }) });
    await jit.save(small, `${folder}/${precision}-${name}.tracelet`);
  } catch (error) {
    missing[precision] = error instanceof Error ? error.message : String(error);
  }
}
