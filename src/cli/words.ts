import type { TraceletError } from '../base/error.ts';
import { STATE_ONE } from '../models/autoload.ts';
import { SHORT_NAMES } from './heads.ts';

/** Flags by the options of the library that they set. */
const FLAGS: Readonly<Record<string, string>> = {
  truncate: '--truncate',
  truncation: '--truncate',
  stride: '--stride',
  top_k: '--top',
  max_answer_len: '--longest',
  hypothesis_template: '--template',
  candidate_labels: '--labels',
  truncate_dim: '--truncate-dim',
  normalize: '--normalize',
  prompt: '--prompt',
  prompt_name: '--prompt-name',
  chunk: '--chunk',
  'chunk.overlap': '--overlap',
  batchTokens: '--batch-tokens',
  dynamic: '--dynamic',
  threads: '--threads',
  kernels: '--kernels',
  integers: '--integers',
  outputs: '--output',
  bits: '--bits',
  'plan: batch': '--batch',
  'plan: sequence': '--sequence',
  'plan: tokens': '--tokens',
};

/** What the library says of its functions and options, and what that is on the command line. */
export const PHRASES: readonly (readonly [library: string, here: string])[] = [
  ['Trace with { tokenizer }, or call the trace with tensors', 'Trace a directory that has one of them, or give ids instead of texts'],
  ['Trace a SentenceEmbedder', 'Trace a SentenceEmbedder: tracelet trace DIRECTORY -o FILE --head embed'],
  ['Pad the input to the traced size, with an attention_mask: traced.pad(inputs) does it', 'Pass --pad to fill inputs up with padding'],
  [
    'Trace the model again with dummy inputs at least as large as the largest input, or with dynamic sizes',
    'Trace the model again with a larger --seq or --batch, or with --dynamic',
  ],
  ['trace again with wider bounds in dynamic', 'trace again with wider bounds in --dynamic'],
  ['trace again with larger dummy inputs', 'trace again with a larger --seq or --batch'],
  ['Trace again with attention_mask among the dummy inputs', 'Trace the model with tracelet trace'],
  ["Make it with { dtype: 'int32' }, as in ones([1, 14], { dtype: 'int32' })", 'Give whole numbers'],
  [', or a symbol of dynamic_axes', ''],
  ['as dynamic says', 'as --dynamic says'],
  ['dummy inputs of', 'a trace of'],
  ['Load it once without local_files_only', 'Load it once while HF_HUB_OFFLINE is not set'],
  ['pass a token that may read it as { token } or in HF_TOKEN', 'put a token that may read it in HF_TOKEN'],
  ['fetch the file yourself and pass the Response', 'download the files yourself'],
  [
    'Load the architecture that was saved, or pass { strict: false } to start them from the seed',
    'Choose the architecture that was saved with --head',
  ],
  ['tracelet trace, or jit.trace and jit.save', 'tracelet trace'],
  ['Pass { config }', 'Put it beside the weights'],
  [STATE_ONE, `Choose one with --head ${SHORT_NAMES.join('|')}`],
  ['Pass the words themselves as prompt', 'Give the words themselves with --prompt'],
  ['option truncation: true', 'option truncation'],
  ['Pass { model } or { tokensPerSecond }, or wait', 'Name a trace with -m, or wait'],
  ['Pass { unique: false } for a source', 'Pass --no-unique for a source'],
  ['advise()', '--until'],
  ['submit()', 'submit'],
  ['embed()', 'embed'],
  ['tensor()', 'an input'],
  ["threads: 2, or 'auto'", '--threads 2, or auto'],
  ['[low, high] in whole numbers from 1', 'low:high in whole numbers from 1'],
  ['trace: input', 'input'],
  ['pad: input', '--pad: input'],
];

/** What members of lists are called. */
const NUMBERED = { texts: 'text', pairs: 'document' } as const;

const CODE = /\{ ?\w|\b[\w.]+\(|\bjit\.|\bF\.\w/;

/** The message of an error in the words of the command line. What can only be done in code is left out. */
export function inWords({ message, cure }: TraceletError): string {
  const isLast = cure !== undefined && message.endsWith(`. ${cure}`);
  const facts = subject(translated(isLast ? message.slice(0, -cure.length - 2) : message));
  const ways = isLast ? flagged(translated(cure)).split(/(?<=\.) /) : [];
  return [facts, ...ways.filter((way) => !CODE.test(way)).map((way) => way.replace(/\.$/, ''))].join('. ');
}

/** Words of the library in those of the command line. */
export const translated = (text: string): string => PHRASES.reduce((words, [library, here]) => words.replace(library, here), text);

/** Options as flags, where they are called options. */
const flagged = (text: string): string =>
  text.replace(/\b(?:the )?option (\w+)/gi, (words, name: string) => (Object.hasOwn(FLAGS, name) ? FLAGS[name] : words));

/** The thing at fault, which stands first: an option as its flag, and texts as people count them. */
function subject(text: string): string {
  const what = text.slice(0, text.indexOf(': expected')).replace(/^.*: option /, '');
  const option = Object.keys(FLAGS).find((name) => what === name || what.startsWith(`${name}: `));
  if (option) return FLAGS[option] + text.slice(text.indexOf(option) + option.length);
  return text.replace(/^(texts|pairs)\[(\d+)\]/, (_, list: keyof typeof NUMBERED, index) => `${NUMBERED[list]} ${Number(index) + 1}`);
}
