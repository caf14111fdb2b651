/**
 * Saves what is measured of a kind of attention, in a process of its own so that its making leaves nothing behind: for each length traces in float32 and
 * int8, and the same model as an ONNX graph.
 *
 *   node bench/peers/kinds/traces.mjs KIND FOLDER TOKENS...
 */
import { writeFile } from 'node:fs/promises';
import { jit } from '../../../dist/index.js';
import { quantize } from '../../../dist/quantize/index.js';
import { onnxOf } from '../onnx/export.mjs';
import { inputsOf } from '../runtimes/inputs.mjs';
import { KINDS } from './models.mjs';

/** Texts other than the one that is measured. */
const CALIBRATION_SEEDS = [2, 3];
const UNFUSED = { fusion: false, exact_padding: true, check_trace: false };

const [name, folder, ...lengths] = process.argv.slice(2);
const kind = KINDS.find((one) => one.name === name);
if (!kind) throw new Error(`no kind ${name}: there are ${KINDS.map((one) => one.name).join(', ')}`);
const model = kind.make().eval();
for (const tokens of lengths) {
  const inputs = (/** @type {number} */ seed) => inputsOf(Number(tokens), seed, kind.inputs);
  const traced = await jit.trace(model, inputs(1));
  await jit.save(traced, `${folder}/f32-${tokens}.tracelet`);
  const { traced: small } = await quantize(traced, { bits: 8, calibrate: CALIBRATION_SEEDS.map(inputs) });
  await jit.save(small, `${folder}/q8-${tokens}.tracelet`);
  const spelled = await jit.trace(model, inputs(1), UNFUSED);
  await writeFile(`${folder}/${tokens}.onnx`, onnxOf(spelled));
  for (const one of [traced, small, spelled]) one.dispose();
}
