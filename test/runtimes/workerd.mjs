import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, HERE } from './install.mjs';
import { freePort, start, untilAnswered } from './processes.mjs';

export const WORKERD = join(HERE, 'node_modules/.bin/workerd');

const configOf = (port, flags) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = [${flags.map((flag) => JSON.stringify(flag)).join(', ')}],
  services = [ (name = "main", worker = .main), (name = "internet", network = (allow = ["public", "private"])) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ] );
const main :Workerd.Worker = ( compatibilityDate = "2026-10-01", modules = [
  (name = "worker.js", esModule = embed "worker.js"),
  (name = "baseline.wasm", wasm = embed "baseline.wasm"),
  (name = "relaxed.wasm", wasm = embed "relaxed.wasm") ] );
`;

/** Asks a worker, bundled for workerd with its wasm beside it, once. */
export async function askWorker(folder, { entry, conditions = ['workerd'], platform = 'browser', flags = [], query = '' }) {
  const script = await bundle({ folder, entry, conditions, platform, external: ['*.wasm'] });
  writeFileSync(join(folder, 'worker.js'), script.toString().replaceAll(/"[^"]*\/(baseline|relaxed)\.wasm"/g, '"$1.wasm"'));
  for (const name of ['baseline', 'relaxed'])
    copyFileSync(join(folder, `node_modules/tracelet/dist/wasm/${name}.wasm`), join(folder, `${name}.wasm`));
  const port = await freePort();
  writeFileSync(join(folder, 'config.capnp'), configOf(port, flags));
  const server = start(WORKERD, ['serve', 'config.capnp'], { cwd: folder });
  try {
    const ask = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/${query}`, { signal: AbortSignal.timeout(240_000) });
      return { status: response.status, text: await response.text() };
    };
    const ended = server.ended.then(() => Promise.reject(new Error(server.said.stderr)));
    const { status, text } = await Promise.race([untilAnswered(ask), ended]);
    if (status !== 200) throw new Error(`${text}\n${server.said.stderr}`);
    return text;
  } finally {
    await server.stop();
  }
}
