import { TraceletError } from '../base/error.ts';
import type { Port, Program } from '../program/program.ts';
import { type ProvedProgram, storageIndex } from '../program/prove.ts';

/** Some of the outputs, and whether each instruction is needed for them. */
export interface Wanted {
  outputs: readonly Port[];
  instructions: readonly boolean[];
}

/** The names of a tensor: its own, and those of all that it is within. */
const namesOf = (name: string): string[] => {
  const parts = name.split('.');
  return parts.map((_, i) => parts.slice(0, i + 1).join('.'));
};

/** What has to run for the outputs of these names; that of a tuple means all its entries. Throws a `value` error for unknown ones. */
export function wantedFor({ outputs, values }: Program, { instructions }: ProvedProgram, names: readonly string[]): Wanted {
  const known = new Set(outputs.flatMap(({ name }) => namesOf(name)));
  const unknown = names.find((wanted) => !known.has(wanted));
  if (unknown !== undefined || names.length === 0)
    throw new TraceletError('value', {
      what: `output "${unknown ?? ''}"`,
      expected: `one of ${outputs.map(({ name }) => name).join(', ')}`,
      got: unknown === undefined ? 'no names' : 'no such output',
    });
  const asked = new Set(names);
  const some = outputs.filter(({ name }) => namesOf(name).some((each) => asked.has(each)));
  const live = new Set(some.map(({ value }) => storageIndex(values, value)));
  const needed = instructions.toReversed().map(({ out, operands }) => {
    if (!live.has(out)) return false;
    for (const value of Object.values(operands)) if (value !== null) live.add(storageIndex(values, value));
    return true;
  });
  return { outputs: some, instructions: needed.reverse() };
}
