/** Answers POST /embed on the page's own origin, so that pages need no model of their own: `esbuild worker.js --bundle --outfile=sw.js`. */
import { jit } from 'tracelet';

const MODEL = '/node_modules/@tracelet/all-minilm-l6-v2/model.tracelet';
let embedder;

async function embed(request) {
  const { texts } = await request.json();
  embedder ??= jit.load(new URL(MODEL, location.href), { cache: 'tracelet' }).catch((error) => {
    embedder = undefined;
    throw error;
  });
  const { shape, data } = await (await embedder).embed(texts, { truncate: true });
  return Response.json({ embeddings: texts.map((_, i) => Array.from(data.subarray(i * shape[1], (i + 1) * shape[1]))) });
}

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  if (event.request.method !== 'POST' || new URL(event.request.url).pathname !== '/embed') return;
  event.respondWith(embed(event.request).catch((error) => Response.json({ error: error.message }, { status: 500 })));
});
