/**
 * A program in one file, with its model inside:
 *
 *   bun build --compile examples/bun.ts --outfile similar && ./similar "A cat sleeps." "A kitten naps."
 */

// @ts-expect-error: Bun puts the file into the program and gives its path there
import model from '@tracelet/all-minilm-l6-v2/model.tracelet' with { type: 'file' };
import { jit } from 'tracelet';

const [first = 'A cat sleeps.', second = 'A kitten naps.'] = process.argv.slice(2);
// @ts-expect-error: Bun's own global
const embedder = await jit.load(new Uint8Array(await Bun.file(model).arrayBuffer()));
const { shape, data } = await embedder.embed([first, second]);
let cosine = 0;
for (let i = 0; i < shape[1]; i++) cosine += Number(data[i]) * Number(data[shape[1] + i]);
console.log(cosine.toFixed(3));
