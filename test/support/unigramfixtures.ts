import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const fixture = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../fixtures/tokenizer/unigram/${name}`, import.meta.url)), 'utf8').trimEnd();

/** The charsmap of sentencepiece's nmt_nfkc in base64, which is left out of the tokenizers in fixtures. */
export const charsmap = fixture('charsmap.txt');

/** The tokenizer.json of a fixture, and lines of texts with what the Rust tokenizers make of them. */
export function unigramFixture(name: string): { json: string; lines: string[] } {
  const [first, ...lines] = fixture(`${name}.jsonl`).split('\n');
  return { json: first.replace('"precompiled_charsmap":""', `"precompiled_charsmap":"${charsmap}"`), lines };
}
