import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { parseFile } from './code/parser.ts';
import type { ClassCode, FileCode, FunctionCode } from './code/syntax.ts';
import type { Budget } from './code/tokens.ts';

const MOST_WORDS = 2_000_000;

/** The printed code of an archive, of which a file is read when something in it is asked for. */
export class Program {
  readonly #read: (record: string) => string | undefined;
  readonly #files = new Map<string, FileCode | undefined>();
  readonly #defined = new Map<string, ClassCode>();
  readonly #budget: Budget = { left: MOST_WORDS };

  /** @param read the text of a file; undefined where there is none */
  constructor(read: (record: string) => string | undefined) {
    this.#read = read;
  }

  /** Makes `code` the class `name`, which no file names so. */
  define(name: string, code: ClassCode): void {
    this.#defined.set(name, code);
  }

  /** The class or function of a dotted name; undefined where there is none. */
  find(name: string): { class?: ClassCode; function?: FunctionCode } | undefined {
    const defined = this.#defined.get(name);
    if (defined) return { class: defined };
    const end = name.lastIndexOf('.');
    const file = this.file(`code/${name.slice(0, end).replaceAll('.', '/')}.py`);
    const found = file && { class: file.classes.get(name.slice(end + 1)), function: file.functions.get(name.slice(end + 1)) };
    return found?.class || found?.function ? found : undefined;
  }

  /** The class of an object. Throws a `format` error where there is none. */
  classOf(name: string): ClassCode {
    const code = this.find(name)?.class;
    if (code) return code;
    throw new TraceletError('format', { what: name, expected: 'a class in the code of the archive', got: 'none of this name' });
  }

  /** A file of code by its record; undefined where there is none. */
  file(record: string): FileCode | undefined {
    if (!this.#files.has(record)) {
      const text = this.#read(record);
      this.#files.set(record, text === undefined ? undefined : parseFile(text, record, this.#budget));
    }
    return this.#files.get(record);
  }

  /** All that is printed, file after file: as `code` of PyTorch's ScriptModule, with what it calls. */
  text(records: readonly string[]): string {
    return records.map((record) => `# ${describe(record)}\n${this.#read(record) ?? ''}`).join('\n');
  }
}
