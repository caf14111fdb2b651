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
