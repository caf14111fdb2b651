/**
 * One start in a process of its own: reads, runs once, prints the milliseconds of each step as JSON.
 *
 *   node first.mjs default FILE | trace FILE TOKENS | checkpoint DIRECTORY TOKENS | onnx DIRECTORY GRAPH TOKENS
 */
const STARTS = {
  /** @param {string} file */
  async default(file) {
    const { jit } = await import('../../dist/index.js');
    const imported = performance.now();
    const embedder = await jit.load(file);
    const loaded = performance.now();
    await embedder.embed(['A man is eating food.']);
    return { imported, loaded };
  },
  /** @param {string} file @param {string} count */
  async trace(file, count) {
    const [{ jit }, { inputsOf }] = await Promise.all([import('../../dist/index.js'), import('./inputs.mjs')]);
    const imported = performance.now();
    const traced = await jit.load(file);
    const loaded = performance.now();
    traced(inputsOf(Number(count)));
    return { imported, loaded };
  },
  /** @param {string} directory @param {string} count */
  async checkpoint(directory, count) {
    const [{ traceCheckpoint }, { inputsOf }] = await Promise.all([import('./tracelet.mjs'), import('./inputs.mjs')]);
    const imported = performance.now();
    const inputs = inputsOf(Number(count));
    const traced = await traceCheckpoint(directory, inputs);
    const loaded = performance.now();
    traced(inputs);
    return { imported, loaded };
  },
  /** @param {string} directory @param {string} graph @param {string} count */
  async onnx(directory, graph, count) {
    const [{ openOnnx, onnxRun }, { inputsOf }] = await Promise.all([import('./onnx.mjs'), import('./inputs.mjs')]);
    const imported = performance.now();
    const session = await openOnnx(directory, graph);
    const loaded = performance.now();
    await onnxRun(session, inputsOf(Number(count)))();
    return { imported, loaded };
  },
};

const [kind, ...rest] = process.argv.slice(2);
const { imported, loaded } = await STARTS[kind](...rest);
const done = performance.now();
console.log(JSON.stringify({ import: imported, load: loaded - imported, run: done - loaded, all: done }));
