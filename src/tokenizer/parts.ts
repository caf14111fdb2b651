import { DECODERS } from './decoders/index.ts';
import { type TokenizerFiles, vocabularyIn } from './files.ts';
import { known } from './known.ts';
import { MODELS } from './models/index.ts';
import { NORMALIZERS } from './normalizers/index.ts';
import { PRE_TOKENIZERS } from './pretokenizers/index.ts';
import { PROCESSORS } from './processors/index.ts';

const TYPE = /"type"\s*:\s*"([^"]*)"/g;

/** Whether a tokenizer.json names parts beside those of BERT. Its model may have no type, unless it is a WordPiece. */
function namesOthers(json: string): boolean {
  const ours = Object.assign({}, MODELS, NORMALIZERS, PRE_TOKENIZERS, PROCESSORS, DECODERS);
  let isWordPiece = false;
  for (const [, type] of json.matchAll(TYPE)) {
    if (!Object.hasOwn(ours, type)) return true;
    isWordPiece ||= type === 'WordPiece';
  }
  return !isWordPiece;
}

/** Has the parts loaded that these files need beside those of BERT, where something loads them. */
export async function partsFor(files: TokenizerFiles): Promise<void> {
  if (known.all || !known.load) return;
  const [first] = vocabularyIn(files) ?? [];
  if (first === undefined || first === 'vocab.txt') return;
  if (first !== 'tokenizer.json' || namesOthers(files['tokenizer.json'] as string)) await known.load();
}
