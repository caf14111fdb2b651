import { TraceletError } from '../base/error.ts';
import { parseObject, readJson } from '../base/json.ts';
import { tokenizerFrom } from '../tokenizer/auto.ts';
import type { PreTrainedTokenizerFast, TokenizerFiles } from '../tokenizer/index.ts';

export type TokenizerOptions = NonNullable<Parameters<typeof tokenizerFrom>[1]>;

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
  const { familyOf, typeIn } = await import('./classes.ts');
  return familyOf(typeIn(parseObject(text, what), what)).Tokenizer.from_files(files, options);
}

function namesClass({ 'tokenizer_config.json': text }: TokenizerFiles): boolean {
  const { tokenizer_class: name } = text === undefined ? {} : parseObject(text, 'tokenizer_config.json', readJson);
  return name !== undefined && name !== null;
}
