/** Every code a {@link TraceletError} can carry, and what it says went wrong. */
export const ERROR_CODES = {
  config: 'a configuration value is missing, out of range or unknown',
  checkpoint: 'a tensor of a checkpoint is missing, extra or wrongly shaped',
  format: 'a file does not follow its format',
  integrity: 'bytes do not match the hash stored with them',
  unsupported: 'a file is of a known kind that does not run here',
  version: 'a file was written by a version this build does not read',
  op: 'an op name is unknown to this build',
  shape: 'the dimensions of tensors do not fit',
  dtype: 'the element type of a tensor does not fit',
  value: 'an argument or element has a value that is not allowed',
  tied: 'two parameters share memory and cannot be traced',
  training: 'training mode was asked of an inference-only model',
  tracing: 'a model cannot be recorded as a trace',
  tracing_check: 'a trace and its eager model disagree',
  memory: 'memory could not be had',
  busy: 'a trace is in the middle of another call',
  disposed: 'an object was used after dispose()',
  source: 'a file, URL or stream could not be read or written',
  worker: 'a thread ended, failed or no longer answers',
  kernels: 'the wasm kernels could not be loaded or failed',
} as const;

/** What went wrong, in a word that stays the same across versions; {@link ERROR_CODES} says more. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** The parts that make up the message of a {@link TraceletError}. */
export interface Problem {
  /** The thing at fault: a parameter, tensor, file, argument. */
  what: string;
  expected?: string;
  got?: string;
  /** What the caller can do about it. */
  cure?: string;
  /** Replaces the composed first sentence, where a fixed wording is promised. */
  sentence?: string;
  cause?: unknown;
}

/** The one error type of the library: `code` is stable, the message names the thing, what was expected, what was got and the cure. */
export class TraceletError extends Error {
  readonly code: ErrorCode;
  readonly what: string;
  /** What the caller can do about it; the message ends with it. */
  readonly cure: string | undefined;

  constructor(code: ErrorCode, problem: Problem) {
    if (!isProblem(code, problem))
      throw new TraceletError('value', { what: 'new TraceletError', expected: 'a code and { what } in strings', got: 'something else' });
    super(compose(problem), problem.cause === undefined ? undefined : { cause: problem.cause });
    this.name = 'TraceletError';
    this.code = code;
    this.what = shorten(problem.what, MOST);
    this.cure = problem.cure && shorten(problem.cure, MOST);
  }
}

const isProblem = (code: unknown, problem: unknown): boolean =>
  typeof code === 'string' &&
  Object.hasOwn(ERROR_CODES, code) &&
  typeof (problem as Problem | undefined)?.what === 'string' &&
  Object.entries(problem as Problem).every(([name, value]) => name === 'cause' || value === undefined || typeof value === 'string');

/** No part of a message is longer, whatever a name or path that it quotes. */
const MOST = 400;

/** `text` in at most so many characters: its beginning and its end. */
export function shorten(text: string, most: number): string {
  const last = most >> 2;
  return text.length > most ? `${text.slice(0, most - last - 3)}...${text.slice(-last)}` : text;
}

/** Control characters and halves of pairs as escapes: names in a file may hold any. */
const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cs}]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

function compose(problem: Problem): string {
  const part = (text: string | undefined) => text && shorten(text, MOST);
  const [what, expected, got, cure, sentence] = [problem.what, problem.expected, problem.got, problem.cure, problem.sentence].map(part);
  const facts = [expected && `expected ${expected}`, got && `got ${got}`].filter(Boolean).join(', ');
  const first = `${sentence ? `${sentence}. ` : ''}${what}${facts ? `: ${facts}` : ''}`;
  return printable(cure ? `${first}. ${cure}` : first);
}
