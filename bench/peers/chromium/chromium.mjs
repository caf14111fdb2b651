/** Workers that are pages: each in a Chromium of its own, cross-origin isolated so that there are threads. */
import { mkdir, symlink } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from '../../../test/runtimes/browsers.mjs';
import { installed } from '../../../test/runtimes/install.mjs';
import { serve } from '../../../test/runtimes/server.mjs';
import { MODELS_FOLDER } from '../models.mjs';

const at = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const HTML = '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>';
const BINARY = '../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded';

async function pageScript() {
  const { outputFiles } = await build({
    entryPoints: [at('page.mjs')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['browser', 'onnxruntime-web-use-extern-wasm'],
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

/** Serves the page, the models and the traces of a folder; answers its address and what ends it. @param {string} folder */
export async function servePages(folder) {
  await mkdir(`${folder}/onnxruntime`);
  await symlink(MODELS_FOLDER, `${folder}/models`);
  await symlink(at(`${BINARY}.mjs`), `${folder}/onnxruntime/threaded.js`);
  await symlink(at(`${BINARY}.wasm`), `${folder}/onnxruntime/threaded.wasm`);
  const server = await serve(folder);
  server.pages.set('/bench.html', { body: HTML }).set('/page.js', { body: await pageScript() });
  return { address: `${server.base}/bench.html`, close: server.close };
}

/** As a `Child` of child.mjs. */
export class Page {
  /** Resolves once its script has run. @type {Promise<{ version: string }>} */
  ready;
  /** @type {Awaited<ReturnType<typeof chromium.open>> | undefined} */
  #browser;
  #what;

  /** @param {string} address @param {{ runtime: 'tracelet' | 'onnxweb', options: object }} what */
  constructor(address, what) {
    this.#what = what;
    this.ready = this.#open(address);
  }

  /** @param {string} address */
  async #open(address) {
    if (!chromium.where()) throw new Error('there is no chromium');
    if (!installed('playwright-core')) throw new Error('playwright-core is not installed: npm run runtimes:setup -- --browsers');
    this.#browser = await chromium.open(address);
    await this.#browser.page.waitForFunction(() => 'requests' in globalThis);
    return { version: this.#browser.version };
  }

  /** @param {'open' | 'prepare' | 'answer' | 'sample'} ask @param {object} [what] @returns {Promise<any>} */
  request(ask, what = this.#what) {
    return this.#browser?.page.evaluate(
      ([ask, what]) => /** @type {any} */ (globalThis).requests[ask](what),
      /** @type {[string, object]} */ ([ask, what]),
    );
  }

  async close() {
    await this.ready.catch(() => {});
    await this.#browser?.close();
  }
}
