import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { COUNT, FLAG, SIZE } from '../base/schema.ts';
import { Slice } from '../base/slices.ts';
import type { Row } from '../text/encode.ts';
import type { BatchEncoding } from '../tokenizer/encoding.ts';
import { answerRows, rowOf } from './rows.ts';
import { bestSpans, shares } from './spans.ts';
import type { CallOptions, Given, Host, Listed, Task, TopK } from './task.ts';

/** A part of a text that answers a question. */
export interface Answer {
  score: number;
  /** Where it stands in the text, in UTF-16 units, as strings are indexed. */
  start: number;
  end: number;
  answer: string;
}

/** A question about a text. */
export interface Question {
  question: string;
  context: string;
}

/** Several questions, each about the text with its number, or all about one. */
export interface Questions {
  question: readonly string[];
  context: string | readonly string[];
}

/** Options of {@link QuestionAnswerer}. */
export interface AnswerOptions extends CallOptions {
  /** How many answers, the likeliest first. Where it is given the answer is a list. */
  top_k?: number;
  /** Most tokens of an answer; 15 unless given. */
  max_answer_len?: number;
  /** Tokens that each part of a text that is too long repeats of the one before; 128, or half of `max_seq_len`, unless given. */
  doc_stride?: number;
  /** Tokens of a question and a part of its text together; 384, or as many as the model takes, unless given. */
  max_seq_len?: number;
  /** Has no effect, as in transformers with its fast tokenizers: questions are never cut. */
  max_question_len?: number;
  /** Whether there may be no answer, which is an empty one. */
  handle_impossible_answer?: boolean;
  /** Whether answers begin and end where words do; true unless given. */
  align_to_words?: boolean;
}

type Several = AnswerOptions & { top_k: number };
type Usually = AnswerOptions & { top_k?: undefined };

/** Finds answers to questions in texts; long ones are read in parts, and none is cut. `top_k` is `Usual` unless a call says it. */
export interface QuestionAnswerer<Usual extends TopK = undefined> {
  (question: string, context: string, options: Several): Promise<Answer[]>;
  (question: string, context: string, options?: Usually): Promise<Listed<Answer, Usual>>;
  (questions: readonly string[], context: string | readonly string[], options: Several): Promise<Answer[][]>;
  (questions: readonly string[], context: string | readonly string[], options?: Usually): Promise<Listed<Answer, Usual>[]>;
  (question: Question, options: Several): Promise<Answer[]>;
  (question: Question, options?: Usually): Promise<Listed<Answer, Usual>>;
  (questions: Questions | readonly Question[], options: Several): Promise<Answer[][]>;
  (questions: Questions | readonly Question[], options?: Usually): Promise<Listed<Answer, Usual>[]>;
}

const LONGEST_ANSWER = 15;
const MOST_TOKENS = 384;
const MOST_STRIDE = 128;

function questionOf(value: unknown, what: string): Question {
  const { question, context } = isObject(value) ? value : {};
  for (const [name, text] of Object.entries({ question, context }))
    if (typeof text !== 'string' || text === '')
      throw new TraceletError('value', { what: `${what}: ${name}`, expected: 'a text that is not empty', got: describe(text) });
  return { question, context } as Question;
}

/** Questions with the texts that stand beside them, by their numbers, or with one for all. Throws a `value` error for another number of texts. */
function paired(questions: readonly unknown[], context: unknown): Question[] {
  const isOne = !Array.isArray(context);
  if (!isOne && context.length !== questions.length)
    throw new TraceletError('value', {
      what: 'the call: context',
      expected: `a text, or ${questions.length}, one for each question`,
      got: `${context.length}`,
    });
  return Array.from(questions, (question, i) => questionOf({ question, context: isOne ? context : context[i] }, `questions[${i}]`));
}

function questionsIn([first, second]: Given): { questions: Question[]; isList: boolean } {
  if (second === undefined && Array.isArray(first))
    return { questions: Array.from(first, (each, i) => questionOf(each, `questions[${i}]`)), isList: true };
  const asked = second === undefined ? first : { question: first, context: second };
  if (isObject(asked) && Array.isArray(asked.question)) return { questions: paired(asked.question, asked.context), isList: true };
  return { questions: [questionOf(asked, 'the call')], isList: false };
}

/** A part of a text beside its question. */
interface Window {
  question: number;
  row: Row;
  encoded: BatchEncoding;
  /** Its number among the parts of the text. */
  part: number;
  /** Tokens that may be in an answer; the first of all stands for none. */
  allowed: boolean[];
}

function windowsOf(host: Host, { question, context }: Question, number: number, { max_seq_len, doc_stride }: AnswerOptions): Window[] {
  const { tokenizer, limit } = host;
  const max_length = max_seq_len ?? Math.min(tokenizer.model_max_length, MOST_TOKENS, limit);
  if (max_length > limit)
    throw new TraceletError('value', {
      what: 'option max_seq_len',
      expected: `at most ${limit}, which the model takes`,
      got: `${max_length}`,
    });
  const encoded = tokenizer.batch_encode_plus([[question, context]], {
    truncation: 'only_second',
    max_length,
    stride: doc_stride ?? Math.min(Math.floor(max_length / 2), MOST_STRIDE),
    return_overflowing_tokens: true,
    return_offsets_mapping: true,
    offset_unit: 'utf16',
  });
  return encoded.input_ids.map((ids, part) => ({
    question: number,
    row: rowOf(ids, encoded.token_type_ids[part]),
    encoded,
    part,
    allowed: allowedIn(encoded, part, host),
  }));
}

/** Tokens of the text, and the one that a row begins with, which stands for no answer. */
function allowedIn(encoded: BatchEncoding, part: number, { tokenizer }: Host): boolean[] {
  const { cls_token } = tokenizer.special_tokens_map;
  return encoded.sequence_ids(part).map((sequence, at) => sequence === 1 || encoded.tokens[part][at] === cls_token);
}

/** Where the tokens of a span stand in the text: whole words, or the tokens alone. */
function placeOf({ encoded, part }: Window, start: number, end: number, toWords: boolean): [start: number, end: number] {
  const offsets = encoded.offset_mapping?.[part] ?? [];
  const words = toWords ? ([encoded.token_to_word(part, start), encoded.token_to_word(part, end)] as const) : [null, null];
  if (words[0] === null || words[1] === null) return [offsets[start][0], offsets[end][1]];
  return [encoded.word_to_chars(part, words[0], 1)[0], encoded.word_to_chars(part, words[1], 1)[1]];
}

/** That of a text without tokens. */
const NO_ANSWER: Answer = { score: 0, start: 0, end: 0, answer: '' };

/** The answers in the windows of a question, those of the same words as one. */
class Answers {
  readonly #context: string;
  readonly #found = new Map<string, Answer>();
  /** How likely it is that there is no answer, in the window that is surest of one. */
  #none = Number.POSITIVE_INFINITY;

  constructor(context: string) {
    this.#context = context;
  }

  add(window: Window, starts: Float64Array, ends: Float64Array, longest: number, count: number, toWords: boolean): void {
    this.#none = Math.min(this.#none, starts[0] * ends[0]);
    starts[0] = 0;
    ends[0] = 0;
    for (const { start: from, end: to, score } of bestSpans(starts, ends, longest, count)) {
      const [start, end] = placeOf(window, from, to, toWords);
      const answer = this.#context.slice(start, end);
      const known = this.#found.get(answer.toLowerCase());
      if (known) known.score += score;
      else this.#found.set(answer.toLowerCase(), { score, start, end, answer });
    }
  }

  best(count: number, withNone: boolean): Answer[] {
    const none = withNone ? [{ ...NO_ANSWER, score: this.#none }] : [];
    return [...this.#found.values(), ...none].sort((a, b) => b.score - a.score).slice(0, count);
  }
}

export const questionAnswering: Task<AnswerOptions> = {
  name: 'question-answering',
  aliases: [],
  head: 'ForQuestionAnswering',
  outputs: ['start_logits', 'end_logits'],
  arity: 2,
  options: {
    top_k: SIZE,
    max_answer_len: SIZE,
    doc_stride: COUNT,
    max_seq_len: SIZE,
    max_question_len: SIZE,
    handle_impossible_answer: FLAG,
    align_to_words: FLAG,
  },
  cures: { topk: 'Did you mean top_k?', truncation: 'Texts are never cut: long ones are read in parts of max_seq_len tokens' },

  async answer(host, given, options) {
    const { top_k, max_answer_len = LONGEST_ANSWER, handle_impossible_answer = false, align_to_words = true, ...call } = options;
    const { questions, isList } = questionsIn(given);
    const slice = new Slice(call.signal);
    const windows: Window[] = [];
    for (const [i, question] of questions.entries()) {
      windows.push(...windowsOf(host, question, i, call));
      if (slice.over) await slice.next();
    }
    const count = align_to_words ? 2 * (top_k ?? 1) + 10 : (top_k ?? 1);
    const spans: (readonly [Float64Array, Float64Array])[] = [];
    const rows = windows.map(({ row }) => row);
    await answerRows(host, rows, this.outputs, call, (row, starts, ends) => {
      const { allowed } = windows[row];
      spans[row] = [shares(starts.data, allowed), shares(ends.data, allowed)];
    });
    const answers = questions.map(({ context }) => new Answers(context));
    for (const [row, window] of windows.entries())
      answers[window.question].add(window, ...spans[row], max_answer_len, count, align_to_words);
    const results = answers.map((each) => each.best(top_k ?? 1, handle_impossible_answer));
    const shown = top_k === undefined ? results.map(([best = NO_ANSWER]) => ({ ...best })) : results;
    return isList ? shown : shown[0];
  },
};
