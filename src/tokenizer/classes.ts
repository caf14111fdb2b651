import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';

/** Classes of BERT's tokenizer: `vocab.txt` is enough for them. */
const BERT = [
  'Bert',
  'DistilBert',
  'MobileBert',
  'Electra',
  'SqueezeBert',
  'LayoutLM',
  'Lxmert',
  'DPRContextEncoder',
  'DPRQuestionEncoder',
  'DPRReader',
];

/** Classes that need more than `vocab.txt`, but whose options decide how text is normalized. */
const OTHERS_WITH_FLAGS = ['Funnel', 'MPNet', 'Splinter'];

/** Classes that leave tokenizer.json as it is, and split like BERT where there is only `vocab.txt`. */
const PLAIN = ['PreTrained', 'ConvBert', 'RetriBert', 'Realm'];

const isOne = (name: unknown, families: readonly string[]): boolean =>
  families.some((family) => name === `${family}Tokenizer` || name === `${family}TokenizerFast`);

const isAbsent = (name: unknown): boolean => name === undefined || name === null;

/**
 * Whether a class of transformers normalizes by the flags of `tokenizer_config.json`, absent ones at their defaults, whatever tokenizer.json says.
 * Where transformers 4.57 and 5.24 disagree about a class, the newer is followed; without a name it is BERT's.
 */
export const normalizesByFlags = (name: unknown): boolean => isAbsent(name) || isOne(name, [...BERT, ...OTHERS_WITH_FLAGS]);

/** Whether a class of transformers is that of any tokenizer, which since transformers 5 tells no texts of a pair apart for models. */
export const isOfNoModel = (name: unknown): boolean => name === 'TokenizersBackend' || name === 'PreTrainedTokenizerFast';

/** Throws an `unsupported` error for a class that does not split as BERT does. */
export function checkClass(name: unknown): void {
  if (isAbsent(name) || name === 'TokenizersBackend' || isOne(name, [...BERT, ...PLAIN])) return;
  throw new TraceletError('unsupported', {
    what: 'tokenizer_class of tokenizer_config.json',
    expected: `tokenizer.json, or vocab.txt of a BERT WordPiece tokenizer (${[...BERT, ...PLAIN].join(', ')})`,
    got: describe(name),
  });
}
