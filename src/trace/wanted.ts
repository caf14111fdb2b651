import { TraceletError } from '../error.ts';
import { type Decoded, storageIndex } from './decode.ts';
import type { NamedValue, Program } from './program.ts';

/** Some of the outputs, and whether each instruction is needed for them. */
export interface Wanted {
  outputs: readonly NamedValue[];
  instructions: readonly boolean[];
}

/** What has to run for the outputs of these names; that of a tuple means all its entries. Throws a `value` error for unknown ones. */
export function wantedFor({ outputs, values }: Program, { instructions }: Decoded, names: readonly string[]): Wanted {
  const isCalled = (name: string, wanted: string): boolean => name === wanted || name.startsWith(`${wanted}.`);
  const unknown = names.find((wanted) => !outputs.some(({ name }) => isCalled(name, wanted)));
  if (unknown !== undefined || names.length === 0)
    throw new TraceletError('value', {
      what: `output "${unknown ?? ''}"`,
      expected: `one of ${outputs.map(({ name }) => name).join(', ')}`,
      got: unknown === undefined ? 'no names' : 'no such output',
    });
  const some = outputs.filter(({ name }) => names.some((wanted) => isCalled(name, wanted)));
  const live = new Set(some.map(({ value }) => storageIndex(values, value)));
  const needed = instructions.toReversed().map(({ out, operands }) => {
    if (!live.has(out)) return false;
    for (const value of Object.values(operands)) if (value !== null) live.add(storageIndex(values, value));
    return true;
  });
  return { outputs: some, instructions: needed.reverse() };
}
