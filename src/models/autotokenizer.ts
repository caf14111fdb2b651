import { TraceletError } from '../base/error.ts';
import { describe, parseObject, readJson } from '../base/json.ts';
import { isUrl } from '../base/realm.ts';
import { type SourceOptions, splitOptions } from '../sources/folder.ts';
import { placeOf, withoutQuery } from '../sources/place.ts';
import { tokenizerFrom } from '../tokenizer/auto.ts';
import { filesAt } from '../tokenizer/filesread.ts';
import type { PreTrainedTokenizerFast, TokenizerFiles } from '../tokenizer/index.ts';
import { configAt, readingIn } from './configfile.ts';
import { families } from './late.ts';

export type TokenizerOptions = NonNullable<Parameters<typeof tokenizerFrom>[1]>;

/** The tokenizer at `source`, of the class that its files choose. */
export async function loadTokenizer(
  what: string,
  source: string | URL,
  options: TokenizerOptions & SourceOptions,
): Promise<PreTrainedTokenizerFast> {
  if (typeof source !== 'string' && !isUrl(source))
    throw new TraceletError('value', { what: `${what}: source`, expected: 'a path, a URL or a hub id', got: describe(source) });
  const reading = readingIn(what, options);
  reading.signal?.throwIfAborted();
  const place = await placeOf(source, reading);
  const files = await filesAt(place, reading);
  return chosenTokenizer(files, splitOptions(options ?? {})[1], async () => {
    const isVocab = place.file !== undefined && withoutQuery(place.file).endsWith('.txt');
    const [text, at] = await configAt(isVocab ? { folder: place.folder } : place, reading);
    return { text, what: at };
  });
}

/** The tokenizer that files make, of the class that they choose. */
export async function chosenTokenizer(
  files: TokenizerFiles,
  options: TokenizerOptions,
  config: () => Promise<{ text: string | undefined; what: string }>,
): Promise<PreTrainedTokenizerFast> {
  if (files['vocab.txt'] === undefined || files['tokenizer.json'] !== undefined || namesClass(files)) return tokenizerFrom(files, options);
  const { text, what } = await config();
  if (text === undefined)
    throw new TraceletError('config', {
      what: 'the class of a tokenizer',
      expected: `tokenizer.json, tokenizer_class in tokenizer_config.json, or model_type in ${what}`,
      got: 'none of them',
      cure: 'Load it by its class: BertTokenizer.from_pretrained',
    });
  const { familyOf, typeIn } = await families();
  return familyOf(typeIn(parseObject(text, what), what)).Tokenizer.from_files(files, options);
}

function namesClass({ 'tokenizer_config.json': text }: TokenizerFiles): boolean {
  const { tokenizer_class: name } = text === undefined ? {} : parseObject(text, 'tokenizer_config.json', readJson);
  return name !== undefined && name !== null;
}
