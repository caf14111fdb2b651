import { FORWARD } from '../formats/trace.ts';
import type { Constant, Part } from '../graph/graph.ts';
import type { Encoded } from './encode.ts';
import type { ConstantInfo, Program, ValueInfo } from './program.ts';

const NAME = /^[A-Za-z_$][\w$]{0,99}$/;

/** Whether something can be the name of a method beside `forward`. */
export const isMethodName = (name: unknown): name is string => typeof name === 'string' && NAME.test(name) && name !== FORWARD;

/** The same values, of constants that are `numbers` now. */
const renumbered = (values: readonly ValueInfo[], numbers: readonly number[]): ValueInfo[] =>
  values.map((value) => ('constant' in value.place ? { ...value, place: { constant: numbers[value.place.constant] } } : value));

/**
 * Programs of the methods of a model, by name, on one list of constants, which holds once what several of them read. A tensor whose name stands for
 * another one in a method before is called after its own method as well.
 */
export function joined(methods: ReadonlyMap<string, Encoded>): { programs: Map<string, Program>; constants: Constant[] } {
  const infos: ConstantInfo[] = [];
  const constants: Constant[] = [];
  const numbers = new Map<string, number>();
  const nameOf = namer();
  const programs = new Map<string, Program>();
  for (const [method, { program, constants: own }] of methods) {
    const placed = own.map((constant, i) => {
      const parts = constant.parts.map((part) => ({ ...part, name: nameOf(method, part) }));
      const info = { ...program.constants[i], parts: parts.map(({ name }) => name) };
      const key = JSON.stringify(info);
      const known = numbers.get(key) ?? infos.push(info) - 1;
      numbers.set(key, known);
      constants[known] ??= { ...constant, parts };
      return known;
    });
    programs.set(method, { ...program, constants: infos, values: renumbered(program.values, placed) });
  }
  return { programs, constants };
}

/** The names of tensors, each of which stands for one of them. */
function namer(): (method: string, part: Part) => string {
  const known = new Map<string, Part>();
  const nameOf = (method: string, part: Part, name = part.name): string => {
    const other = known.get(name);
    if (other && !sameNumbers(other, part)) return nameOf(method, part, `${method}.${name}`);
    known.set(name, part);
    return name;
  };
  return nameOf;
}

function sameNumbers({ tensor: a }: Part, { tensor: b }: Part): boolean {
  if (a === b) return true;
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  const [one, other] = [a, b].map(({ elements: { buffer, byteOffset, byteLength } }) => new Uint8Array(buffer, byteOffset, byteLength));
  return one.every((byte, i) => byte === other[i]);
}

/** Programs on one list of constants without those that none of them reads. */
export function pruned(programs: ReadonlyMap<string, Program>): Map<string, Program> {
  const read = new Set(
    [...programs.values()].flatMap(({ values }) => values.flatMap(({ place }) => ('constant' in place ? [place.constant] : []))),
  );
  const [{ constants }] = programs.values();
  if (read.size === constants.length) return new Map(programs);
  const kept = constants.filter((_, i) => read.has(i));
  let number = 0;
  const numbers = constants.map((_, i) => (read.has(i) ? number++ : -1));
  return new Map(
    [...programs].map(([name, program]) => [name, { ...program, constants: kept, values: renumbered(program.values, numbers) }]),
  );
}
