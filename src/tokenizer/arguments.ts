import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { checkOptions } from '../base/options.ts';
import type { Input } from './encoder.ts';
import { ENCODE_OPTIONS, type EncodeSettings } from './encoding.ts';

/** A text, or a text with its pair. */
export type TextInput = string | readonly [text: string, pair: string];

/** A text that is given as words, or with its pair. */
export type WordsInput = readonly string[] | readonly [text: readonly string[], pair: readonly string[]];

/** What an encoding method was called with. */
export interface Call {
  text: unknown;
  /** undefined where there is none. */
  pair: unknown;
  options: EncodeSettings;
}

/** The text, the pair and the options in `args`: the options are the second argument or the third, and may hold the pair. Throws `value` errors. */
export function callOf(method: string, args: readonly unknown[]): Call {
  checkCount(method, args, 3, 'a text, a pair and options');
  const [text, second, third] = args;
  if (isObject(second) && third !== undefined)
    throw new TraceletError('value', { what: method, expected: 'options once', got: 'options as second argument, and a third' });
  const { text_pair, ...options } = optionsOf(method, isObject(second) ? second : third);
  const given = isObject(second) ? undefined : (second ?? undefined);
  if (given !== undefined && text_pair !== undefined)
    throw new TraceletError('value', { what: method, expected: 'one pair', got: 'a second argument and the option text_pair' });
  return { text, pair: given ?? text_pair, options };
}

/** The inputs and the options of a method that takes batches. Throws `value` errors. */
export function batchOf(method: string, args: readonly unknown[]): [inputs: Input[], options: EncodeSettings] {
  checkCount(method, args, 2, 'texts and options');
  const { text_pair: pair, ...options } = optionsOf(method, args[1]);
  return [manyInputs({ text: args[0], pair, options }), options];
}

const optionsOf = (method: string, options: unknown): EncodeSettings =>
  checkOptions(method, options as EncodeSettings | null | undefined, ENCODE_OPTIONS) as EncodeSettings;

function checkCount(method: string, args: readonly unknown[], most: number, expected: string): void {
  if (args.length > most) throw new TraceletError('value', { what: method, expected, got: `${args.length} arguments` });
}

/** Whether a call is one of a batch. */
export const isBatch = ({ text, options }: Call): boolean =>
  Array.isArray(text) && (!options.is_split_into_words || Array.isArray(text[0]));

/** The one text of a call. What is no string is found out when it is encoded. */
export const oneInput = ({ text, pair }: Call): Input => ({ text: text as string, pair: pair as string | undefined, name: '' });

/** The texts of a call of a batch. */
export const manyInputs = ({ text, pair, options }: Call): Input[] =>
  pair === undefined ? namedInputs(text, options) : pairedInputs(text, pair);

function pairedInputs(texts: unknown, pairs: unknown): Input[] {
  if (!Array.isArray(texts) || !Array.isArray(pairs) || texts.length !== pairs.length)
    throw new TraceletError('value', { what: 'pair', expected: 'an array as long as that of the texts', got: describe(pairs) });
  return Array.from(texts, (text, i) => ({ text, pair: pairs[i] ?? null, name: `[${i}]` }));
}

function namedInputs(inputs: unknown, { is_split_into_words: isSplit = false }: EncodeSettings): Input[] {
  if (!Array.isArray(inputs))
    throw new TraceletError('value', { what: 'batch', expected: 'an array of texts or [text, pair]', got: describe(inputs) });
  return Array.from(inputs as readonly unknown[], (input, i) => {
    const name = `[${i}]`;
    const isPair = Array.isArray(input) && (!isSplit || Array.isArray(input[0]));
    if (isPair && input.length === 2) return { text: input[0], pair: input[1] ?? (null as unknown as string), name };
    if (isSplit ? Array.isArray(input) && !isPair : typeof input === 'string') return { text: input as string, name };
    throw new TraceletError('value', {
      what: `text${name}`,
      expected: isSplit ? 'an array of words or [words, words]' : 'a string or [text, pair]',
      got: describe(input),
    });
  });
}
