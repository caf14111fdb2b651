import { BertTokenizer, jit, type ModelOutput, type TracedModule, tensor } from '../../src/index.ts';
import { fileOf, tinyBert } from '../support/tiny.ts';
import { bertJson } from '../support/tokenizerjson.ts';

const ids = tensor([[1, 2, 3]]);
const others = tensor([[3, 5, 39]]);

/** Something that stays the same whatever is done beside it: a trace that is kept, one that is made anew, a tokenizer. */
export class Control {
  readonly #kept: TracedModule;
  readonly #answer: string;

  private constructor(kept: TracedModule, answer: string) {
    this.#kept = kept;
    this.#answer = answer;
  }

  static async make(): Promise<Control> {
    const kept = await jit.trace(tinyBert(), [ids]);
    return new Control(kept, await answerOf(kept));
  }

  /** What is otherwise than it was when this was made. */
  async damage(): Promise<string | undefined> {
    if (Object.keys(Object.prototype).length > 0) return `Object.prototype has ${Object.keys(Object.prototype)}`;
    const answer = await answerOf(this.#kept);
    return answer === this.#answer ? undefined : 'what was loaded before answers otherwise';
  }
}

async function answerOf(kept: TracedModule): Promise<string> {
  const made = await jit.trace(tinyBert(), [ids], { check_trace: false });
  const files = [await fileOf(kept), await fileOf(made)].map((bytes) => Buffer.from(bytes).toString('base64'));
  const calls = [kept, made].map((traced) => [...(traced(others) as ModelOutput).last_hidden_state.data].join());
  made.dispose();
  const tokenizer = BertTokenizer.from_files({
    'tokenizer.json': JSON.stringify(bertJson(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', '##b'])),
  });
  return JSON.stringify([files, calls, tokenizer('ab Ab x')]);
}
