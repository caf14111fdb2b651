/** Ranks sentences by how close they are to a question: `node examples/node.mjs "What do people eat?"`. */
import { minilm } from '@tracelet/all-minilm-l6-v2';
import { jit } from 'tracelet';

const SENTENCES = [
  'A man is eating food.',
  'The girl plays the violin.',
  'Stocks fell sharply on Monday.',
  'A musician performs on stage.',
];
const question = process.argv[2] ?? 'Who makes music?';

const embedder = await jit.load(minilm);
const { shape, data } = await embedder.embed([question, ...SENTENCES]);
const vector = (row) => data.subarray(row * shape[1], (row + 1) * shape[1]);
const cosine = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

const ranked = SENTENCES.map((text, i) => ({ text, score: cosine(vector(0), vector(i + 1)) }));
for (const { text, score } of ranked.sort((a, b) => b.score - a.score)) console.log(score.toFixed(3), text);
