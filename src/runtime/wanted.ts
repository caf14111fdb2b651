import { TraceletError } from '../base/error.ts';
import type { Port, Program } from '../program/program.ts';
import { type ProvedProgram, storageIndex } from '../program/prove.ts';

/** Some of the outputs, and whether each instruction is needed for them. */
export interface Wanted {
  outputs: readonly Port[];
  instructions: readonly boolean[];
}

/** What has to run for the outputs of these names; that of a tuple means all its entries. Throws a `value` error for unknown ones. */
export function wantedFor({ outputs, values }: Program, { instructions }: ProvedProgram, names: readonly string[]): Wanted {
  const tupleOf = (name: string): string => name.split('.', 1)[0];
  const known = new Set(outputs.flatMap(({ name }) => [name, tupleOf(name)]));
  const unknown = names.find((wanted) => !known.has(wanted));
  if (unknown !== undefined || names.length === 0)
    throw new TraceletError('value', {
      what: `output "${unknown ?? ''}"`,
      expected: `one of ${outputs.map(({ name }) => name).join(', ')}`,
      got: unknown === undefined ? 'no names' : 'no such output',
    });
  const asked = new Set(names);
  const some = outputs.filter(({ name }) => asked.has(name) || asked.has(tupleOf(name)));
  const live = new Set(some.map(({ value }) => storageIndex(values, value)));
  const needed = instructions.toReversed().map(({ out, operands }) => {
    if (!live.has(out)) return false;
    for (const value of Object.values(operands)) if (value !== null) live.add(storageIndex(values, value));
    return true;
  });
  return { outputs: some, instructions: needed.reverse() };
}
