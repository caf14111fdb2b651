/** Serves the worker on this machine, in the runtime that Cloudflare runs, with its model in a local R2 bucket. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minilm } from '@tracelet/all-minilm-l6-v2';
import { Miniflare } from 'miniflare';
import { bundle } from './bundle.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Starts the worker with these traces in its bucket, by name. Answers the server, to be disposed of, and its address. */
export async function serve({ port = 8787, traces = { 'embed.tracelet': minilm } } = {}) {
  const folder = here('build');
  for (const { path, contents } of await bundle(folder)) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  }
  const server = new Miniflare({
    cf: false,
    port,
    telemetry: { enabled: false },
    modules: true,
    modulesRoot: folder,
    scriptPath: `${folder}/worker.js`,
    modulesRules: [
      { type: 'ESModule', include: ['**/*.js'] },
      { type: 'CompiledWasm', include: ['**/*.wasm'] },
    ],
    compatibilityDate: '2026-06-01',
    r2Buckets: ['MODELS'],
  });
  const bucket = await server.getR2Bucket('MODELS');
  for (const [name, file] of Object.entries(traces)) await bucket.put(name, await readFile(file));
  return { server, url: await server.ready };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve();
  console.log(`${url} is ready. Try:\n`);
  console.log(`  curl ${url}embed -d '{"texts": ["A man is eating food."]}'`);
}
