import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { ROOT } from './install.mjs';
import { laidFile } from './laid.mjs';
import { LIMIT_MS } from './processes.mjs';
import { listPrograms, programFile } from './programfiles.mjs';

const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};
const TYPES = { html: 'text/html', js: 'text/javascript', json: 'application/json' };

async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** A fixture, of which only the packed form may be there. */
const unpacked = async (path) => (existsSync(`${path}.br`) ? brotliDecompressSync(await readFile(`${path}.br`)) : readFile(path));

function contentOf(pathname, pages, folder) {
  if (pages.has(pathname)) return pages.get(pathname).body;
  if (folder && !pathname.startsWith('/fixtures/')) return readFile(join(folder, pathname));
  const [, top, ...rest] = pathname.split('/');
  if (top !== 'fixtures' || rest.includes('..')) return undefined;
  if (rest[0] === 'laid') return laidFile(...rest.slice(1));
  if (rest[0] === 'programs') return rest[1] === 'list.json' ? JSON.stringify(listPrograms()) : readFile(programFile(rest[1]));
  const [name] = rest.slice(-1);
  const path = name === 'model.tracelet' ? 'models/all-MiniLM-L6-v2/model.tracelet' : join('test/fixtures', ...rest);
  return unpacked(join(ROOT, path));
}

/** Serves fixtures, pages by path, and the files of a folder if one is given; what a page posts is the next result. */
export async function serve(folder) {
  const pages = new Map();
  let receive = (_text) => {};
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/result') {
      receive(await bodyOf(request));
      response.end();
      return;
    }
    try {
      const body = await contentOf(pathname, pages, folder);
      const type = TYPES[pathname.split('.').at(-1)] ?? 'application/octet-stream';
      response.writeHead(body ? 200 : 404, { 'content-type': type, ...ISOLATED, ...pages.get(pathname)?.headers });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  // Runtimes under load ask on connections that would just have been closed.
  server.keepAliveTimeout = 600_000;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    pages,
    /** What is posted next; rejects after `ms`. */
    result: (ms = LIMIT_MS) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no result after ${ms} ms`)), ms);
        receive = (text) => {
          clearTimeout(timer);
          resolve(JSON.parse(text));
        };
      }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
