import { isBytes } from '../base/realm.ts';
import { FORWARD } from '../formats/trace.ts';
import type { Region } from '../kernels/arena.ts';
import { allocateMemory, isShared, MEMORY_BASE } from '../kernels/binaries.ts';
import type { Program } from '../program/program.ts';
import { prove } from '../program/prove.ts';
import { Constants, MEMORY } from './constants.ts';
import type { Instance } from './instance.ts';
import { instancesOf } from './instances.ts';
import { ConstantPlaces } from './places.ts';

/** What it takes to run a program elsewhere with the constants of an instance. It can be posted to workers. */
export interface Loan {
  program: Program;
  /** Other methods on the same constants. */
  methods: ReadonlyMap<string, Program>;
  /** First dimensions of the tensors that constants are made of. */
  rows: ReadonlyMap<string, number>;
  /** The memory that they lie in, where it is shared, and otherwise a copy of them. */
  constants: WebAssembly.Memory | Uint8Array;
}

/** Lends the constants of an instance, for its program and those of other methods. */
export function lend({ program, constants }: Instance, methods: ReadonlyMap<string, Program>): Loan {
  return { program, methods, rows: constants.rows(), constants: isShared(constants.memory) ? constants.memory : constants.copied() };
}

/**
 * Instances of all methods on constants that were lent, that of `forward` first. Their activations lie in `region` of a shared memory, if that is given
 * and large enough.
 */
export function borrow({ program, methods, rows, constants }: Loan, region?: Region): Map<string, Instance> {
  const places = new ConstantPlaces(program, (name) => rows.get(name) ?? 0);
  const memory = isBytes(constants) ? memoryOf(constants) : constants;
  const lent = new Constants(memory, places, 0);
  const programs = new Map([[FORWARD, program], ...methods]);
  const all = [...programs.values()];
  const instances = instancesOf(all, all.map(prove), lent, { shared: !isBytes(constants), region });
  return new Map([...programs.keys()].map((name, i) => [name, instances[i]]));
}

function memoryOf(constants: Uint8Array): WebAssembly.Memory {
  const memory = allocateMemory(MEMORY_BASE + constants.length, MEMORY);
  new Uint8Array(memory.buffer).set(constants, MEMORY_BASE);
  return memory;
}
