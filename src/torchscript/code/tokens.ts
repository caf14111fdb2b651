import { decodeUtf8 } from '../../base/decode.ts';
import { TextEncoder } from '../../base/globals.ts';
import { describe } from '../../base/json.ts';
import { type Fault, faultOf } from '../../formats/torch/fault.ts';

/** A word of printed code. `line` begins a logical line, so indented by `width`. */
export interface Token {
  readonly kind: 'name' | 'int' | 'float' | 'string' | 'sign' | 'line' | 'end';
  readonly text: string;
  readonly width: number;
  readonly line: number;
}

/** A number of tokens that several files may have together. */
export interface Budget {
  left: number;
}

const TOKEN =
  /([A-Za-z_]\w*)|(\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)|(\d+)|("(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')|(->|[()[\]{}:=,.-])/y;
const KINDS = ['name', 'float', 'int', 'string', 'sign'] as const;

const BLANK = /(?:[ \t\r]|#[^\n]*)*/y;
const OPEN = '([{';
const CLOSED = ')]}';
const DEEPEST = 200;

/** Reads the words of a file one by one, with one of them to look at ahead. */
export class Tokens {
  readonly file: string;
  next: Token;
  readonly #text: string;
  readonly #budget: Budget;
  #at = 0;
  #line = 1;
  #depth = 0;

  constructor(text: string, file: string, budget: Budget) {
    this.file = file;
    this.#text = text;
    this.#budget = budget;
    this.next = this.#newLine();
  }

  /** Where the next word stands. */
  get fault(): Fault {
    return faultOf(`${this.file}, line ${this.next.line}`);
  }

  /** The next word, which is passed. */
  take(): Token {
    const token = this.next;
    if (this.#budget.left-- === 0) throw this.fault('code of fewer words in all', 'more');
    this.next = this.#read();
    return token;
  }

  /** Passes the next word if it is `text`. */
  skip(text: string): boolean {
    const { next } = this;
    const found = next.text === text && (next.kind === 'sign' || next.kind === 'name');
    if (found) this.take();
    return found;
  }

  /** Passes the next word, which has to be `text`. */
  expect(text: string): void {
    if (!this.skip(text)) throw this.fault(`"${text}"`, this.shown);
  }

  /** Whether `text` begins the line that comes next. */
  begins(text: string): boolean {
    return this.next.kind === 'line' && this.#text.startsWith(text, this.#at);
  }

  /** Passes a name. */
  name(): string {
    if (this.next.kind !== 'name') throw this.fault('a name', this.shown);
    return this.take().text;
  }

  /** The next word in messages. */
  get shown(): string {
    const { kind, text } = this.next;
    return kind === 'end' ? 'the end of the file' : kind === 'line' ? 'the end of the line' : describe(text);
  }

  #token(kind: Token['kind'], text = '', width = 0): Token {
    return { kind, text, width, line: this.#line };
  }

  #blanks(): number {
    BLANK.lastIndex = this.#at;
    BLANK.test(this.#text);
    const width = BLANK.lastIndex - this.#at;
    this.#at = BLANK.lastIndex;
    return width;
  }

  #read(): Token {
    for (;;) {
      this.#blanks();
      if (this.#at >= this.#text.length) return this.#token('end');
      if (this.#text[this.#at] !== '\n') return this.#word();
      if (this.#depth === 0) return this.#newLine();
      this.#at++;
      this.#line++;
    }
  }

  /** Goes to the next line that is not empty. */
  #newLine(): Token {
    for (;;) {
      if (this.#text[this.#at] === '\n') {
        this.#at++;
        this.#line++;
      }
      const width = this.#blanks();
      if (this.#at >= this.#text.length) return this.#token('end');
      if (this.#text[this.#at] !== '\n') return this.#token('line', '', width);
    }
  }

  #word(): Token {
    TOKEN.lastIndex = this.#at;
    const found = TOKEN.exec(this.#text);
    if (!found) throw faultOf(`${this.file}, line ${this.#line}`)('printed code of TorchScript', describe(this.#text[this.#at]));
    const kind = KINDS.find((_, i) => found[i + 1] !== undefined) as Token['kind'];
    const [text] = found;
    const token = this.#token(kind, text);
    this.#at += text.length;
    if (kind === 'sign') this.#nest(text);
    if (kind === 'string') this.#line += text.split('\n').length - 1;
    return token;
  }

  #nest(sign: string): void {
    if (OPEN.includes(sign)) this.#depth++;
    else if (CLOSED.includes(sign)) this.#depth = Math.max(0, this.#depth - 1);
    if (this.#depth > DEEPEST) throw faultOf(`${this.file}, line ${this.#line}`)(`brackets at most ${DEEPEST} deep`, 'deeper ones');
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** What a quoted text says. Bytes beyond ASCII are printed as octal numbers. */
export function unquoted(text: string): string {
  const inner = text.slice(1, -1);
  if (!inner.includes('\\')) return inner;
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  for (const [part, octal, hex, other] of inner.matchAll(/\\([0-7]{1,3})|\\x([0-9a-fA-F]{2})|\\([\s\S])|[^\\]+/g)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 0xff);
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else for (const byte of encoder.encode(other === undefined ? part : (ESCAPES[other] ?? other))) bytes.push(byte);
  }
  return decodeUtf8(Uint8Array.from(bytes)) ?? inner;
}
