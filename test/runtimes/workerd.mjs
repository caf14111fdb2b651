import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, installed } from './install.mjs';
import { freePort, LIMIT_MS, start, untilAnswered } from './processes.mjs';

/** The program itself: the script of that name starts another process, which would outlive it. */
export const where = () => installed('@cloudflare/workerd-linux-64/bin/workerd');

const configOf = (port, flags, binaries) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = [${flags.map((flag) => JSON.stringify(flag)).join(', ')}],
  services = [
    (name = "main", worker = .main),
    (name = "assets", disk = "assets"),
    (name = "internet", network = (allow = ["public", "private"]))
  ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ] );
const main :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
${binaries.map((name) => `    (name = "${name}.wasm", wasm = embed "${name}.wasm")`).join(',\n')} ],
  bindings = [ (name = "ASSETS", service = "assets") ] );
`;

/**
 * Serves a worker, bundled for workerd with its wasm beside it, while `use` is under way; `assets` is a directory that it can fetch from.
 * `use` is told the address and how to ask for the most memory that the process ever held.
 */
export async function withWorker(folder, { entry, conditions = ['workerd'], platform = 'browser', flags = [], assets = folder }, use) {
  const script = await bundle({ folder, entry, conditions, platform, external: ['*.wasm'] });
  const beside = script.toString().replaceAll(/"[^"]*\/([\w.]+)\.wasm"/g, '"$1.wasm"');
  const binaries = [...new Set([...beside.matchAll(/(?:from|import) ?\(?"([\w.]+)\.wasm"/g)].map(([, name]) => name))];
  writeFileSync(join(folder, 'worker.js'), beside);
  for (const name of binaries) copyFileSync(join(folder, `node_modules/tracelet/dist/wasm/${name}.wasm`), join(folder, `${name}.wasm`));
  const port = await freePort();
  writeFileSync(join(folder, 'config.capnp'), configOf(port, flags, binaries));
  const server = start(where(), ['serve', 'config.capnp', '--directory-path', `assets=${assets}`], { cwd: folder });
  const peak = () => 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]);
  try {
    const ended = server.ended.then(() => Promise.reject(new Error(server.said.stderr)));
    return await Promise.race([use({ url: `http://127.0.0.1:${port}/`, peak }), ended]);
  } finally {
    await server.stop();
  }
}

/** Asks a worker once. */
export const askWorker = (folder, { query = '', ...options }) =>
  withWorker(folder, options, async ({ url }) => {
    const ask = () => fetch(url + query, { signal: AbortSignal.timeout(LIMIT_MS) });
    const response = await untilAnswered(ask);
    const text = await response.text();
    if (response.status !== 200) throw new Error(text);
    return text;
  });
