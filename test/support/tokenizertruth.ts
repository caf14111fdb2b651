import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
// @ts-expect-error a script without types
import { tokenizerLines } from '../runtimes/laid.mjs';

const fixture = (name: string): Buffer =>
  brotliDecompressSync(readFileSync(fileURLToPath(new URL(`../fixtures/tokenizer/truth/${name}.br`, import.meta.url))));

/** The charsmap of sentencepiece's nmt_nfkc in base64, which is left out of the tokenizers in fixtures. */
export const charsmap = fixture('charsmap').toString();

/** Every tokenizer whose answers are known. */
export const NAMES: readonly string[] = JSON.parse(
  readFileSync(fileURLToPath(new URL('../fixtures/tokenizer/truth/names.json', import.meta.url)), 'utf8'),
);

/** The tokenizer.json and the tokenizer_config.json of a tokenizer, and lines of texts with what the Rust tokenizers make of them. */
export function tokenizerTruth(name: string): { json: string; config: string; lines: string[] } {
  const [json, config, ...lines] = tokenizerLines(name) as string[];
  return { json, config, lines };
}

/** A model of SentencePiece, and lines of texts with what its own library makes of them. */
export const sentencePieceTruth = (name: string): { model: Uint8Array; lines: string[] } => ({
  model: new Uint8Array(fixture(`${name}.model`)),
  lines: fixture(`${name}.spm`).toString().split('\n'),
});
