/**
 * Lays out everything that the peers' bench needs: the packages of this folder, seeded checkpoints, ONNX graphs in float32 and int8, and a
 * Python environment. What is there already is kept, but for the packages. Says what it had to leave out.
 *
 *   npm run bench:setup [-- --torch]
 *
 * --torch installs PyTorch too, where Python has none: 3 GB to download on Linux, because its packages bring CUDA along.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { filesOf, MODELS, VENV } from './models.mjs';
import { writeWeights } from './weights.mjs';

const { values: options } = parseArgs({ options: { torch: { type: 'boolean', default: false } } });
const python = `${VENV}/bin/python`;
const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));
const say = (/** @type {string} */ text) => console.log(text);

/** @param {string} command @param {readonly string[]} args */
function attempt(command, args) {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    return null;
  } catch (error) {
    const { stderr, message } = /** @type {Error & { stderr?: Buffer }} */ (error);
    return stderr?.toString().trim().split('\n').at(-1) || message;
  }
}

/** Installs what package-lock.json says, with the npm that runs this script: a dependency links an old one as `npm`. */
function installPackages() {
  say('packages of bench');
  const { npm_execpath: npm } = process.env;
  const [command, ...args] = npm ? [process.execPath, npm] : ['npm'];
  execFileSync(command, [...args, 'ci', '--no-audit', '--no-fund'], { cwd: here('..'), stdio: ['ignore', 'inherit', 'inherit'] });
}

/** @param {import('./models.mjs').Model} model */
async function layOut({ name, title, config }) {
  const files = filesOf(name);
  await mkdir(files.checkpoint, { recursive: true });
  for (const folder of [files.home, files.checkpoint]) await writeFile(`${folder}/config.json`, JSON.stringify(config, null, 2));
  await copyFile(files.givenGraph, files.graph);
  if (existsSync(files.weights)) return;
  say(`${title}: seeded weights`);
  await writeWeights(files.layout, files.weights);
}

/** The Python environment, with what the quantisation needs; answers why there is none. */
function preparePython() {
  if (!existsSync(python)) {
    const failure = attempt('python3', ['-m', 'venv', '--system-site-packages', VENV]);
    if (failure) return `python3 -m venv: ${failure}`;
  }
  say('Python: onnx and onnxruntime');
  return attempt(python, ['-m', 'pip', 'install', '--quiet', '--requirement', here('requirements.txt')]);
}

function prepareTorch() {
  if (attempt(python, ['-c', 'import torch']) === null) return say('PyTorch: found');
  if (!options.torch) return say('PyTorch: not found and left out; npm run bench:setup -- --torch installs it');
  say('PyTorch: installing');
  const failure = attempt(python, ['-m', 'pip', 'install', '--quiet', 'torch', 'numpy']);
  if (failure) say(`PyTorch: left out, ${failure}`);
}

/** @param {import('./models.mjs').Model} model */
function quantise({ name, title }) {
  const { graph, quantisedGraph } = filesOf(name);
  if (existsSync(quantisedGraph)) return;
  say(`${title}: int8 graph`);
  const failure = attempt(python, [here('quantise.py'), graph, quantisedGraph]);
  if (failure) say(`${title}: int8 graph left out, ${failure}`);
}

installPackages();
for (const model of MODELS) await layOut(model);
const failure = preparePython();
if (failure) say(`Python: int8 ONNX graphs and PyTorch left out, ${failure}`);
else {
  for (const model of MODELS) quantise(model);
  prepareTorch();
}
say('set up: npm run bench');
