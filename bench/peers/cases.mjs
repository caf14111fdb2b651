/** Who is measured: each runtime in each of its forms, as a worker process. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { variants } from '../measure/variants.mjs';
import { filesOf, MODELS_FOLDER, VENV } from './models.mjs';

/** @typedef {'float32' | 'int8' | 'int4'} Precision */
/** @typedef {{ name: string, runtime: string, precision: Precision, command: [string, ...string[]], start?: () => import('./fleet.mjs').Member['child'] }} Case the command of a worker, or what starts it otherwise */

const at = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));
const python = existsSync(`${VENV}/bin/python`) ? `${VENV}/bin/python` : 'python3';

/** What is said of precisions in file names and in names of cases. @type {Readonly<Record<Precision, string>>} */
export const SHORT = { float32: 'f32', int8: 'q8', int4: 'q4' };

/** The precisions that benches of single forms take, by their short names. */
export const PRECISION = { f32: /** @type {const} */ ('float32'), q8: /** @type {const} */ ('int8') };

/**
 * How long to measure, from options of the command line or `effort` where they say nothing.
 * @typedef {{ warm: number, rounds: number, budget: number }} Effort
 * @param {Partial<Record<keyof Effort, string>>} options @param {Effort} effort @returns {Effort}
 */
export const timingOf = ({ warm, rounds, budget }, effort) => ({
  warm: Number(warm ?? effort.warm),
  rounds: Number(rounds ?? effort.rounds),
  budget: Number(budget ?? effort.budget),
});

/** The command of a worker in this Node. @param {object} options @returns {[string, ...string[]]} */
export const nodeWorker = (options) => [process.execPath, ...process.execArgv, at('worker.mjs'), JSON.stringify(options)];

/** @param {object} options @returns {[string, ...string[]]} */
export const pythonWorker = (options) => [python, '-W', 'ignore', at('runtimes/torch_worker.py'), JSON.stringify(options)];

/** tracelet in every precision on every variant of its kernels. @param {string} traces folder of saved traces @returns {Case[]} */
function traceletCases(traces) {
  return /** @type {Precision[]} */ (['float32', 'int8', 'int4']).flatMap((precision) =>
    [...variants].reverse().map((kernels) => ({
      name: `tracelet ${SHORT[precision]}, ${kernels}`,
      runtime: 'tracelet',
      precision,
      command: nodeWorker({ module: 'tracelet', make: 'model', traces, precision: SHORT[precision], load: { kernels } }),
    })),
  );
}

/** Every case of a model, the reference first. @param {string} model @param {string} traces folder of saved traces @returns {Case[]} */
export function casesOf(model, traces) {
  const { graph, weights, quantisedGraph, checkpoint } = filesOf(model);
  const transformers = { module: 'transformers', make: 'model', folder: MODELS_FOLDER, name: model };
  /** @type {(runtime: string, precision: Precision, command: [string, ...string[]], form?: string) => Case} */
  const peer = (runtime, precision, command, form = SHORT[precision]) => ({ name: `${runtime} ${form}`, runtime, precision, command });
  return [
    ...traceletCases(traces),
    peer('onnxruntime-web', 'float32', nodeWorker({ module: 'onnxweb', make: 'model', graph, weights })),
    peer('onnxruntime-web', 'int8', nodeWorker({ module: 'onnxweb', make: 'model', graph: quantisedGraph })),
    peer('onnxruntime-node', 'float32', nodeWorker({ module: 'onnxnode', make: 'model', graph })),
    peer('onnxruntime-node', 'int8', nodeWorker({ module: 'onnxnode', make: 'model', graph: quantisedGraph })),
    peer('transformers.js', 'float32', nodeWorker({ ...transformers, dtype: 'fp32' })),
    peer('transformers.js', 'int8', nodeWorker({ ...transformers, dtype: 'q8' })),
    peer('PyTorch', 'float32', pythonWorker({ make: 'eager', checkpoint }), 'eager f32'),
    peer('PyTorch', 'float32', pythonWorker({ make: 'trace', checkpoint }), 'TorchScript f32'),
  ];
}

/** A predicate of names for --only: parts of names, separated by commas. @param {string | undefined} parts */
export const chosen = (parts) => (/** @type {string} */ name) => !parts || parts.split(',').some((part) => name.includes(part.trim()));
