import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { parseSentence, sentenceTexts } from '../sentence/config.ts';
import { sentenceTokenizer, type TextReader } from '../sentence/tokenizer.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { filesIn, hasVocab } from '../tokenizer/files.ts';
import type { TextInput } from '../tokenizer/index.ts';
import { encoder, longestOf, type TextOptions } from './encode.ts';
import { batchInputs, capacityOf } from './inputs.ts';
import type { CallSignature } from './pad.ts';

/** The tokenizer among the extra files of a trace, and what they say of sentence-transformers. Throws a `value` error if there is none. */
export function readerFrom(files: ReadonlyMap<string, Uint8Array>): TextReader {
  const tokenizer = filesIn(files);
  if (!hasVocab(tokenizer))
    throw new TraceletError('value', {
      what: 'the tokenizer of the trace',
      expected: 'vocab.txt or tokenizer.json among its extra files',
      got: [...files.keys()].join(', ') || 'no files',
      cure: 'Trace with { tokenizer }, or call the trace with tensors',
    });
  const sentence = parseSentence(sentenceTexts(files));
  return { tokenizer: sentenceTokenizer(tokenizer, sentence), sentence };
}

/** Whether the arguments of a call are texts: one, a list of them, or lists of texts with their pairs. */
export const areTexts = ([first]: readonly unknown[]): boolean => {
  const [text] = Array.isArray(first) ? first : [first];
  return typeof text === 'string' || (Array.isArray(text) && text.length > 0 && text.every((part) => typeof part === 'string'));
};

const isPair = (value: unknown): boolean => value === undefined || value === null || typeof value === 'string' || Array.isArray(value);

/** The arguments of `what` as texts, each alone or with its pair, and the options behind them. Throws `value` errors. */
export function textsIn(what: string, [text, ...rest]: readonly unknown[]): { texts: TextInput[]; options: unknown } {
  const [pair, options, ...more] = isPair(rest[0]) ? rest : [undefined, ...rest];
  if (more.length > 0)
    throw new TraceletError('value', { what, expected: 'a text, its pair and options', got: `${rest.length + 1} arguments` });
  return { texts: pairedTexts(text as string, pair as string | undefined), options };
}

/** Throws a `value` error for arguments or options that only texts have. */
export function refuseForTensors(what: string, args: readonly unknown[], options: readonly string[]): void {
  if (args.length > 2)
    throw new TraceletError('value', {
      what,
      expected: 'inputs and options',
      got: `${args.length} arguments`,
      cure: 'Pass tensors as one list or by name',
    });
  const [option] = options;
  if (option !== undefined)
    throw new TraceletError('value', { what: `${what}: option ${option}`, expected: 'texts, which it is for', got: 'tensors' });
}

/** A text, a text and its pair, or lists of them, as one list. Throws `value` errors. */
function pairedTexts(text: string | readonly TextInput[], pair: string | readonly string[] | null | undefined): TextInput[] {
  const texts = Array.isArray(text) ? Array.from<TextInput>(text) : [text as string];
  if (pair === undefined || pair === null) return texts;
  const pairs = typeof text === 'string' ? [pair] : pair;
  if (!Array.isArray(pairs) || pairs.length !== texts.length || [...texts, ...pairs].some((one) => typeof one !== 'string'))
    throw new TraceletError('value', {
      what: 'the second text',
      expected: typeof text === 'string' ? 'a string' : `${texts.length} strings, one for each of the first`,
      got: describe(pair),
      cure: 'Pass two texts, two lists of as many texts, or one list of [text, pair]',
    });
  return texts.map((one, i) => [one as string, pairs[i] as string] as const);
}

/** The inputs for texts as a trace takes them, padded. Throws a `value` error for texts that are too long, unless told to truncate. */
export function encodeTexts(
  reader: TextReader,
  taking: CallSignature,
  texts: readonly TextInput[],
  options: TextOptions,
): Record<string, Tensor> {
  const capacity = capacityOf(taking);
  const nameOf = (index: number): string => (texts.length === 1 ? 'text' : `texts[${index}]`);
  const longest = longestOf(reader, capacity.sequence[1]);
  const encode = encoder(reader, longest, options, { what: 'text', nameOf, cure: 'The option truncate leaves out the rest' });
  const rows = texts.map((text, i) => encode(text, i).rows[0]);
  return batchInputs(rows, capacity, taking.inputs, reader.tokenizer, 'texts');
}
