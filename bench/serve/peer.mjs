/** A server of transformers.js in a process of its own, as its users write one, whose options are a line of JSON. */
import { readFile } from 'node:fs/promises';
import { serve } from 'srvx';

const { folder, name, dtype, isWasm, threads } = JSON.parse(process.argv[2]);

/** Has transformers.js run onnxruntime-web, and answers what its sessions need then: in Node it would take onnxruntime-node. */
async function onWasm() {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = new URL('.', import.meta.resolve('onnxruntime-web')).href;
  globalThis[Symbol.for('onnxruntime')] = ort;
  const weights = dtype === 'fp32' ? [{ path: 'model.safetensors', data: await readFile(`${folder}/${name}/onnx/model.safetensors`) }] : [];
  return { executionProviders: ['wasm'], externalData: weights };
}

const more = isWasm ? await onWasm() : {};
const { env, pipeline } = await import('@huggingface/transformers');
env.allowRemoteModels = false;
env.localModelPath = folder;
const extract = await pipeline('feature-extraction', name, {
  dtype,
  device: isWasm ? 'auto' : 'cpu',
  session_options: { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3, ...more },
});

const server = serve({
  async fetch(request) {
    const { inputs } = await request.json();
    const vectors = await extract(inputs, { pooling: 'mean', normalize: true });
    return Response.json(vectors.tolist());
  },
  port: 0,
  hostname: '127.0.0.1',
  silent: true,
  gracefulShutdown: false,
});
await server.ready();
process.on('disconnect', () => process.exit());
process.on('message', () => server.close(true).then(() => process.exit()));
process.send({ url: server.url, version: env.version });
