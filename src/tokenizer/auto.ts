import { isObject, type JsonObject } from '../base/json.ts';
import { checkOptions } from '../base/options.ts';
import { BertTokenizer, OVERRIDES, type Overrides } from './bert.ts';
import type { BertTokenizerOptions } from './bertsettings.ts';
import type { PreTrainedTokenizerOptions } from './fast.ts';
import { anyOptions } from './fileoptions.ts';
import type { TokenizerFiles } from './files.ts';
import { TOKENIZER_OPTIONS, type TokenizerOptions } from './settings.ts';
import { PreTrainedTokenizerFast, prevailing } from './tokenizer.ts';

/**
 * The tokenizer that the texts of its files describe: a {@link BertTokenizer} where they are BERT's, which a `vocab.txt` alone is, and else what
 * tokenizer.json says. `options` prevail over the files, those of a BertTokenizer where it is one. With `lowers` texts are lowered first, which says nothing of accents.
 */
export function tokenizerFrom(files: TokenizerFiles, options: TokenizerOptions | Overrides = {}, lowers = false): PreTrainedTokenizerFast {
  const found = anyOptions(files);
  if ('tokenizer_object' in found) {
    const given = { ...found, ...prevailing(checkOptions('tokenizer', options as TokenizerOptions, TOKENIZER_OPTIONS)) };
    return new PreTrainedTokenizerFast(lowers ? lowered(given) : given);
  }
  const given = { ...found, ...prevailing(checkOptions('BertTokenizer', options as Overrides, OVERRIDES)) };
  return new BertTokenizer(lowers ? loweredBert(given) : given);
}

const loweredBert = (options: BertTokenizerOptions): BertTokenizerOptions =>
  options.do_lower_case === false ? { ...options, do_lower_case: true, strip_accents: options.strip_accents ?? false } : options;

function lowered({ tokenizer_object, ...others }: PreTrainedTokenizerOptions): PreTrainedTokenizerOptions {
  const { normalizer } = tokenizer_object;
  const steps: JsonObject[] = isObject(normalizer) ? [normalizer] : [];
  return {
    ...others,
    tokenizer_object: { ...tokenizer_object, normalizer: { type: 'Sequence', normalizers: [{ type: 'Lowercase' }, ...steps] } },
  };
}
