import { TraceletError } from '../../base/error.ts';
import { describe } from '../../base/json.ts';

/** Steps through a pattern. */
export class Scanner {
  readonly #pattern: string;
  readonly #what: string;
  #at = 0;

  constructor(pattern: string, what: string) {
    this.#pattern = pattern;
    this.#what = what;
  }

  get isDone(): boolean {
    return this.#at >= this.#pattern.length;
  }

  /** The next unit; nothing at the end. */
  get peek(): string {
    return this.#pattern.charAt(this.#at);
  }

  sees(text: string): boolean {
    return this.#pattern.startsWith(text, this.#at);
  }

  /** Steps over `text` where it is next, and says whether it was. */
  take(text: string): boolean {
    if (!this.sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  /** What follows, in at most `most` units. */
  rest(most: number): string {
    return this.#pattern.slice(this.#at, this.#at + most);
  }

  /** Steps over what `expression`, sticky at its beginning, finds next. */
  match(expression: RegExp, most: number): RegExpExecArray | undefined {
    const found = expression.exec(this.rest(most));
    if (found) this.#at += found[0].length;
    return found ?? undefined;
  }

  /** The next character. */
  next(): number {
    const code = this.#pattern.codePointAt(this.#at) as number;
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  /** Steps over spaces and comments. */
  skipBlanks(): void {
    for (;;) {
      while (/^[\t-\r ]/.test(this.peek)) this.#at++;
      if (!this.take('#')) return;
      while (!this.isDone && this.peek !== '\n') this.#at++;
    }
  }

  /** Where it is, for {@link reset}. */
  mark(): number {
    return this.#at;
  }

  reset(mark: number): void {
    this.#at = mark;
  }

  /** Throws an error that says how a pattern is no pattern. */
  refuse(expected: string): never {
    throw new TraceletError('format', { what: this.#what, expected, got: this.#place() });
  }

  /** Throws an error for a pattern beyond a limit. */
  limit(expected: string): never {
    throw new TraceletError('unsupported', { what: this.#what, expected, got: 'more' });
  }

  /** Throws an error that names what is not known, and what is. */
  unsupported(expected: string, got: string): never {
    throw new TraceletError('unsupported', { what: this.#what, expected, got: `${got} in ${describe(this.#pattern)}` });
  }

  #place(): string {
    return `${describe(this.#pattern)}, wrong at ${this.#at}`;
  }
}
