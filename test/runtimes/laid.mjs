import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { layersOf, tokenizerOf } from './layers.mjs';

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));

const unpacked = (name) => brotliDecompressSync(readFileSync(join(FIXTURES, `tokenizer/truth/${name}.br`))).toString();

let charsmap;

/** The lines of a tokenizer of `tokenizer/truth`: its tokenizer.json, its tokenizer_config.json, and texts with what the Rust tokenizers make of them. */
export function tokenizerLines(name) {
  const [json, ...lines] = unpacked(name).split('\n');
  charsmap ??= unpacked('charsmap');
  return [json.replace('"precompiled_charsmap":""', `"precompiled_charsmap":"${charsmap}"`), ...lines];
}

/** A file of a folder that shares some with others; undefined for those that it has not. */
export function laidFile(name, ...path) {
  const found = layersOf(name)
    .map((layer) => join(FIXTURES, layer, ...path))
    .findLast(existsSync);
  if (found) return readFileSync(found);
  const tokenizer = path.join('/') === 'tokenizer.json' ? tokenizerOf(name) : undefined;
  return tokenizer && tokenizerLines(tokenizer)[0];
}

/** Writes all files of such a folder into another. */
export function layInto(folder, name) {
  const tokenizer = tokenizerOf(name);
  for (const layer of layersOf(name)) cpSync(join(FIXTURES, layer), folder, { recursive: true });
  if (tokenizer) writeFileSync(join(folder, 'tokenizer.json'), tokenizerLines(tokenizer)[0]);
}
