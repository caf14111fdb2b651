/**
 * Finds passages of Markdown files by what they say, not by their words: `node examples/tasks/search.mjs docs "how is memory shared?"`, or without a
 * question one a line. A folder is indexed once; `tracelet search` does the same, and reads again what has changed.
 *
 * The model is the real all-MiniLM-L6-v2, made for English. Larger ones, such as bge-m3, find more, and in other languages.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { minilm } from '@tracelet/all-minilm-l6-v2';
import { chunkText, SentenceTransformer, semantic_search, Tensor } from 'tracelet';

const [folder = 'docs', ...words] = process.argv.slice(2);
const model = await SentenceTransformer.from_pretrained(minilm);

async function indexed() {
  const files = readdirSync(folder).filter((name) => name.endsWith('.md'));
  const passages = files.flatMap((file) => {
    const chunks = chunkText(model.tokenizer, readFileSync(join(folder, file), 'utf8'), { tokens: 96, overlap: 16 });
    return chunks.map(({ text }) => ({ file, text }));
  });
  const vectors = await model.encode_document(passages.map(({ text }) => text));
  return { passages, shape: vectors.shape, vectors: Buffer.from(vectors.data.buffer).toString('base64') };
}

const path = join(folder, 'index.json');
if (!existsSync(path)) writeFileSync(path, JSON.stringify(await indexed()));
const { passages, shape, vectors } = JSON.parse(readFileSync(path, 'utf8'));
const corpus = new Tensor('float32', shape, new Float32Array(Uint8Array.from(Buffer.from(vectors, 'base64')).buffer));

async function answer(question) {
  const [hits] = await semantic_search(await model.encode_query([question]), corpus, { top_k: 3 });
  for (const { corpus_id, score } of hits) {
    const { file, text } = passages[corpus_id];
    console.log(score.toFixed(3), `${file}: ${text.replaceAll(/\s+/g, ' ').slice(0, 120)}`);
  }
}

if (words.length > 0) await answer(words.join(' '));
else for await (const question of createInterface({ input: process.stdin })) await answer(question);
model.dispose();
