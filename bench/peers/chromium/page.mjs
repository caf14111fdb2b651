/** What worker.mjs is in Node: one runtime on a page, with the same requests. Bundled by chromium.mjs. */
import * as ort from 'onnxruntime-web/wasm';
import { modelOf } from '../runtimes/onnx.mjs';
import { savedModel } from '../runtimes/saved.mjs';

/** Letters that fit the arguments of one call. */
const PIECE = 8192;

const bytesOf = async (/** @type {string} */ path) => new Uint8Array(await (await fetch(path)).arrayBuffer());

const RUNTIMES = {
  /** @param {Parameters<typeof savedModel>[1]} options */
  tracelet: (options) => savedModel((name) => new URL(name, location.href).href, options),
  /** @param {{ graph: string, weights?: string, threads: number }} options */
  async onnxweb({ graph, weights, threads }) {
    Object.assign(ort.env.wasm, {
      numThreads: threads,
      wasmPaths: { mjs: '/onnxruntime/threaded.js', wasm: '/onnxruntime/threaded.wasm' },
    });
    ort.env.logLevel = 'error';
    const externalData = weights ? [{ path: 'model.safetensors', data: await bytesOf(weights) }] : [];
    return modelOf(ort, await ort.InferenceSession.create(await bytesOf(graph), { executionProviders: ['wasm'], externalData }));
  },
};

/** @param {Float32Array} values */
function base64({ buffer, byteOffset, byteLength }) {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}

/** @type {import('../worker.mjs').Opened} */
let opened;
/** @type {import('../worker.mjs').Prepared} */
let prepared;

Object.assign(globalThis, {
  requests: {
    /** @param {{ runtime: keyof typeof RUNTIMES, options: any }} what */
    async open({ runtime, options }) {
      opened = await RUNTIMES[runtime](options);
    },
    /** @param {{ tokens: number }} what */
    async prepare(what) {
      prepared = await opened.prepare(what);
      return prepared.facts ?? {};
    },
    answer: async () => ({ outputs: prepared.answer?.(await prepared.run()).map(base64) }),
    /** A page is not told how much of the processor it had. @param {{ calls: number }} what */
    async sample({ calls }) {
      const since = performance.now();
      for (let call = 0; call < calls; call++) {
        const result = prepared.run();
        if (result instanceof Promise) await result;
      }
      const wall = performance.now() - since;
      return { wall, cpu: wall };
    },
  },
});
