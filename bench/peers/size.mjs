/**
 * Bytes that a page or worker downloads before any model: the library's JavaScript, bundled and minified, and one wasm binary.
 *
 *   node bench/peers/size.mjs
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { table } from '../measure/report.mjs';

const TARGET = 90_000;
const at = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const zipped = (/** @type {Uint8Array} */ bytes) => gzipSync(bytes, { level: 9 }).length;
const row = (/** @type {string} */ name, /** @type {number} */ bytes, /** @type {number} */ gzip) => [
  name,
  bytes.toLocaleString('en'),
  gzip.toLocaleString('en'),
];

/** @param {string} contents */
async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: at('.') },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'es2023',
  });
  return outputFiles[0].contents;
}

const everything = await bundle("export * from '../../dist/index.js'");
const loader = await bundle("export { jit } from '../../dist/index.js'");
const wasm = ['baseline', 'relaxed'].map((name) => ({ name, bytes: readFileSync(at(`../../dist/wasm/${name}.wasm`)) }));
const largest = Math.max(...wasm.map(({ bytes }) => zipped(bytes)));
const peer = ['ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'].map((name) =>
  readFileSync(at(`../node_modules/onnxruntime-web/dist/${name}`)),
);
const sum = (/** @type {readonly number[]} */ values) => values.reduce((a, b) => a + b, 0);

table(
  ['bytes', 'plain', 'gzip'],
  [
    row('JavaScript, the whole library', everything.length, zipped(everything)),
    row('JavaScript, jit alone', loader.length, zipped(loader)),
    ...wasm.map(({ name, bytes }) => row(`${name}.wasm`, bytes.length, zipped(bytes))),
    row('onnxruntime-web, wasm only', sum(peer.map(({ length }) => length)), sum(peer.map(zipped))),
  ],
);
const total = zipped(everything) + largest;
console.log(`the whole library with one binary: ${total.toLocaleString('en')} bytes gzipped, target ${TARGET.toLocaleString('en')}`);
if (total > TARGET) process.exitCode = 1;
