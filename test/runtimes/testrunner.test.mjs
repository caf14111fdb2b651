/** The suite as a test of jest and of vitest, whose realms have classes of their own. Bytes come from outside, as those of node:fs do. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { ReadableStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { TextDecoder } from 'node:util';
import { brotliDecompressSync } from 'node:zlib';
import { minilm } from '@tracelet/all-minilm-l6-v2';
import * as tracelet from 'tracelet';
import { quantize } from 'tracelet/quantize';
import { handler } from 'tracelet/serve';
import { runSuite } from './suite.mjs';

const { fixtures, lines: file, ...options } = JSON.parse(process.env.TRACELET_SUITE);
const { programs } = options;
function place(name) {
  if (name === 'model.tracelet') return fileURLToPath(String(minilm));
  const [top, file] = name.split('/');
  if (top !== 'programs') return `${fixtures}/${name}`;
  const { path } = programs.find((program) => parse(program.name).name === parse(file).name);
  return join(dirname(path), file);
}
/** Their realms are what is special; the engine is that of a runtime that tries all texts. */
const every = 20;
/** Pages that are imitated have no responses. */
const streamed = (file) => [ReadableStream.from([file]), ...(globalThis.Response ? [new Response(file)] : [])];

test('the suite', async () => {
  const lines = [];
  const digest = async (floats) => createHash('sha256').update(floats).digest('hex');
  const bytes = async (name) => {
    const path = place(name);
    return existsSync(`${path}.br`) ? brotliDecompressSync(await readFile(`${path}.br`)) : readFile(path);
  };
  await runSuite({ tracelet, quantize, handler, bytes, digest, streamed, every, TextDecoder, ...options }, (line) => lines.push(line));
  await writeFile(file, JSON.stringify(lines));
});
