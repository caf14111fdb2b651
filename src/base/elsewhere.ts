import { TraceletError } from './error.ts';

/** Names that people look for because `library` has them, and what they find here. */
export function elsewhere(name: string, here: string, library = 'transformers'): never {
  throw new TraceletError('value', {
    what: `${name} of ${library}`,
    expected: 'a name that tracelet has',
    got: 'one that it does not have yet',
    cure: here,
  });
}

/** Not here yet. Throws a `value` error that names what is. */
export const pipeline = (..._: unknown[]): never =>
  elsewhere(
    'pipeline',
    'For embeddings load a trace, jit.load(minilm), and call embed(texts); for other tasks trace a model with its tokenizer',
  );
