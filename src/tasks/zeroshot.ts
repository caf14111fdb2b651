import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { proved } from '../base/options.ts';
import { FLAG, type Kind, kind } from '../base/schema.ts';
import { labelOf } from './facts.ts';
import { answerRows, encodeRows, listOf, textOf } from './rows.ts';
import { softmax, topIndexes } from './scores.ts';
import type { CallOptions, Host, Task } from './task.ts';

/** The labels of a text, the likeliest first, with their scores. */
export interface ZeroShot {
  sequence: string;
  labels: string[];
  scores: number[];
}

/** Options of {@link ZeroShotClassifier}. */
export interface ZeroShotOptions extends CallOptions {
  /** In place of the second argument. */
  candidate_labels?: string | readonly string[];
  /** What is said of a text, with `{}` once or `{0}` for a label and other braces doubled; `This example is {}.` unless given. */
  hypothesis_template?: string;
  /** Whether each label is scored by itself; false unless given, where scores add up to 1. */
  multi_label?: boolean;
  /** Leaves out the end of a text that does not fit, never of what is said of it; an error unless given. */
  truncation?: boolean;
}

/** Scores labels that the model was not trained for: a list, or one string with commas between them. */
export interface ZeroShotClassifier {
  (text: string, labels: string | readonly string[], options?: ZeroShotOptions): Promise<ZeroShot>;
  (text: string, options: ZeroShotOptions & { candidate_labels: string | readonly string[] }): Promise<ZeroShot>;
  (texts: readonly string[], labels: string | readonly string[], options?: ZeroShotOptions): Promise<ZeroShot[]>;
  (texts: readonly string[], options: ZeroShotOptions & { candidate_labels: string | readonly string[] }): Promise<ZeroShot[]>;
}

const LABELS = kind<string | readonly string[]>('a string or an array of strings, one at least', (value) => {
  const labels = [value].flat();
  return labels.length > 0 && labels.every((label) => typeof label === 'string');
});

/** What is said of a label. */
type Saying = (label: string) => string;

/** What braces in a template stand for, as those of `str.format`. */
const BRACES = new Map<string, Saying>([
  ['{{', () => '{'],
  ['}}', () => '}'],
  ['{}', (label) => label],
  ['{0}', (label) => label],
]);

/** What is said of each label; undefined for a template that says nothing of it, or says it in a way that is not known. */
function saying(template: string): Saying | undefined {
  const parts = template.split(/(\{\{|\}\}|\{0?\}|[{}])/);
  const braces = parts.filter((_, i) => i % 2 === 1);
  const slots = braces.filter((each) => each === '{}' || each === '{0}');
  const isSound = slots.length > 0 && slots.every((each) => each === (slots.length > 1 ? '{0}' : each));
  if (!isSound || !braces.every((each) => BRACES.has(each))) return undefined;
  return (label) => parts.map((part) => BRACES.get(part)?.(label) ?? part).join('');
}

const TEMPLATE: Kind<string> = {
  expected: 'a string with {} where the label goes, once, or {0}, and other braces doubled',
  read: (value) => (typeof value === 'string' && saying(value) ? value : undefined),
};

function sequenceOf(value: unknown, what: string): string {
  if (value === '') throw new TraceletError('value', { what, expected: 'a text that is not empty', got: '""' });
  return textOf(value, what);
}

function labelsIn(given: unknown): readonly string[] {
  const labels = proved('candidate_labels', given, LABELS);
  const each = typeof labels === 'string' ? labels.split(',').flatMap((label) => label.trim() || []) : labels;
  return proved('candidate_labels', each, LABELS) as readonly string[];
}

/** The ids of the labels that say that a text follows, and that it does not. Throws a `config` error for a model that has no such label. */
function entailment({ facts, traced }: Host): { yes: number; no: number } {
  const count = traced.outputs.find(({ name }) => name === 'logits')?.shape.at(-1) ?? 0;
  const labels = Array.from({ length: count }, (_, id) => labelOf(facts, id));
  const yes = labels.findIndex((label) => label.toLowerCase().startsWith('entail'));
  if (yes >= 0 && count > 1) return { yes, no: yes === 0 ? count - 1 : 0 };
  throw new TraceletError('config', {
    what: 'labels of the model',
    expected: 'one that begins with "entail", and another',
    got: labels.map(describe).join(', '),
    cure: 'Take a model that was trained for natural language inference',
  });
}

export const zeroShotClassification: Task<ZeroShotOptions> = {
  name: 'zero-shot-classification',
  aliases: [],
  head: 'ForSequenceClassification',
  outputs: ['logits'],
  arity: 2,
  options: { candidate_labels: LABELS, hypothesis_template: TEMPLATE, multi_label: FLAG, truncation: FLAG },
  cures: { multi_class: 'Did you mean multi_label?' },
  check: entailment,

  async answer(host, [input, second], { candidate_labels, hypothesis_template = 'This example is {}.', multi_label, truncation, ...call }) {
    const { items, isList } = listOf(input, 'text', sequenceOf);
    const labels = labelsIn(second ?? candidate_labels);
    const { yes, no } = entailment(host);
    const hypotheses = labels.map(saying(hypothesis_template) as Saying);
    const pairs = items.flatMap((text) => hypotheses.map((hypothesis) => [text, hypothesis] as const));
    const nameOf = (row: number): string => (isList ? `texts[${Math.floor(row / labels.length)}]` : 'text');
    const limit = Math.min(host.limit, host.tokenizer.model_max_length);
    const rows = await encodeRows(host, pairs, { truncation, strategy: 'only_first', limit, nameOf, signal: call.signal });
    const alone = multi_label || labels.length === 1;
    const logits = new Float64Array(rows.length);
    await answerRows(host, rows, this.outputs, call, (row, { data }) => {
      logits[row] = alone ? softmax([data[no], data[yes]])[1] : data[yes];
    });
    const results = items.map((sequence, i): ZeroShot => {
      const own = logits.subarray(i * labels.length, (i + 1) * labels.length);
      const scores = alone ? own : softmax(own);
      const order = topIndexes(scores, labels.length);
      return { sequence, labels: order.map((at) => labels[at]), scores: order.map((at) => scores[at]) };
    });
    return isList ? results : results[0];
  },
};
