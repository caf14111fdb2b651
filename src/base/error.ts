const CODES = [
  'config',
  'checkpoint',
  'format',
  'integrity',
  'unsupported',
  'version',
  'op',
  'shape',
  'dtype',
  'value',
  'tied',
  'training',
  'tracing',
  'tracing_check',
  'memory',
  'busy',
  'disposed',
  'source',
  'worker',
  'kernels',
] as const;

/** What went wrong, in a word that stays the same across versions; `ERROR_CODES` says more. */
export type ErrorCode = (typeof CODES)[number];

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
  (CODES as readonly string[]).includes(code) &&
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
