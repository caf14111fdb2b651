/**
 * tracelet beside onnxruntime-web on the same weights and inputs, one thread each, in one process:
 *
 *   node bench/peers/run.mjs MODEL_DIR ONNX_FILE [--rounds N] [--tokens N,N] [--json]
 *   node bench/peers/run.mjs --start [MODEL_FILE] [--rounds N] [--json]
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { jit } from '../../dist/index.js';
import { compare } from '../answers.mjs';
import { begin, progress, reportTiming, writeResults } from '../report.mjs';
import { alternate } from '../stats.mjs';
import { on, variants } from '../variants.mjs';
import { inputsOf } from './inputs.mjs';
import { onnxRun, openOnnx } from './onnx.mjs';
import { measureStarts } from './starts.mjs';
import { traceCheckpoint } from './tracelet.mjs';

const DEFAULT_MODEL = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2/model.tracelet', import.meta.url));
const TOLERANCE = 1e-4;
const WARM_MS = 3000;
const STARTS = 5;
const START_TOKENS = '128';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    start: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    tokens: { type: 'string', default: '14,128' },
  },
});
const rounds = options.rounds ? Number(options.rounds) : undefined;

if (options.start) await startDefault(positionals[0] ?? DEFAULT_MODEL);
else if (positionals.length === 2) await besidePeers(positionals[0], positionals[1]);
else throw new Error('usage: node bench/peers/run.mjs MODEL_DIR ONNX_FILE, or --start [MODEL_FILE]');

/** @param {string} file */
async function startDefault(file) {
  if (!existsSync(file)) throw new Error(`${file} is not there: make it with scripts/default-model.mjs`);
  const machine = begin('from the start of a process to the first embedding');
  const result = await measureStarts('start', { tracelet: ['default', file] }, rounds ?? 15);
  if (options.json) writeResults('start', { machine, result });
}

/** @param {string} directory @param {string} graph */
async function besidePeers(directory, graph) {
  const machine = begin('tracelet beside onnxruntime-web, float32, one thread, one text a call');
  const results = [];
  const session = await openOnnx(directory, graph);
  for (const count of options.tokens.split(',').map(Number)) results.push(await sideBySide(session, directory, count));
  await session.release();
  results.push(await firstRuns(directory, graph));
  if (options.json) writeResults('peers', { machine, results });
}

/** @param {import('onnxruntime-web').InferenceSession} session @param {string} directory @param {number} count */
async function sideBySide(session, directory, count) {
  const title = `${count} tokens`;
  progress(`tracing for ${title}\n`);
  const inputs = inputsOf(count);
  const traced = await traceCheckpoint(directory, inputs);
  /** @type {Record<string, () => unknown>} */
  const cases = { 'onnxruntime-web': onnxRun(session, inputs) };
  for (const kernels of variants) {
    const here = on(traced, kernels);
    cases[`tracelet, ${kernels}`] = () => here(inputs);
  }
  const differences = await compare(cases, TOLERANCE);
  const timing = await alternate(cases, { rounds: rounds ?? 25, warm: WARM_MS, progress: (text) => progress(`${title}: ${text}`) });
  return reportTiming(title, timing, traced.flops(), differences);
}

/** From nothing to the first answer, each in a process of its own. @param {string} directory @param {string} graph */
async function firstRuns(directory, graph) {
  const scratch = await mkdtemp(join(tmpdir(), 'tracelet-peers-'));
  try {
    const file = join(scratch, 'model.tracelet');
    await jit.save(await traceCheckpoint(directory, inputsOf(Number(START_TOKENS))), file);
    const kinds = {
      'onnxruntime-web, graph and weights': ['onnx', directory, graph, START_TOKENS],
      'tracelet, saved trace': ['trace', file, START_TOKENS],
      'tracelet, checkpoint traced and checked': ['checkpoint', directory, START_TOKENS],
    };
    return await measureStarts(`process start to first answer, ${START_TOKENS} tokens`, kinds, STARTS);
  } finally {
    await rm(scratch, { recursive: true });
  }
}
