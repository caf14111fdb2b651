/** A server for pages without a server, also where there is no network: `esbuild worker.js --bundle --outfile=sw.js`. */
import { jit } from 'tracelet';
import { handler } from 'tracelet/serve';

const MODEL = '/node_modules/@tracelet/all-minilm-l6-v2/model.tracelet';
const PAGES = ['index.html'];
const ROUTES = ['/embed', '/similarity', '/tokenize', '/v1/embeddings', '/v1/models', '/health', '/info', '/docs', '/openapi.json'];

let answering;

/** Opens the model once, from the cache where it was downloaded before. */
function answer(request) {
  answering ??= jit.load(new URL(MODEL, location.href), { cache: 'tracelet' }).then(
    (minilm) => handler({ minilm }),
    (error) => {
      answering = undefined;
      throw error;
    },
  );
  return answering.then((answered) => answered(request));
}

async function install() {
  const cache = await caches.open('pages');
  await Promise.all([cache.addAll(PAGES), answer(new Request('/health'))]);
  await skipWaiting();
}

addEventListener('install', (event) => event.waitUntil(install()));
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  const { request } = event;
  const isAsked = ROUTES.includes(new URL(request.url).pathname);
  event.respondWith(isAsked ? answer(request) : fetch(request).catch(async () => (await caches.match(request)) ?? Response.error()));
});
