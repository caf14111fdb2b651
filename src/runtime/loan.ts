import { isBytes } from '../base/realm.ts';
import type { Region } from '../kernels/arena.ts';
import { allocateMemory, isShared, MEMORY_BASE } from '../kernels/binaries.ts';
import type { Program } from '../program/program.ts';
import { prove } from '../program/prove.ts';
import { Constants, MEMORY } from './constants.ts';
import { Instance } from './instance.ts';
import { ConstantPlaces } from './places.ts';

/** What it takes to run a program elsewhere with the constants of an instance. It can be posted to workers. */
export interface Loan {
  program: Program;
  /** First dimensions of the tensors that constants are made of. */
  rows: ReadonlyMap<string, number>;
  /** The memory that they lie in, where it is shared, and otherwise a copy of them. */
  constants: WebAssembly.Memory | Uint8Array;
}

/** Lends the constants of an instance. */
export function lend({ program, constants }: Instance): Loan {
  return { program, rows: constants.rows(), constants: isShared(constants.memory) ? constants.memory : constants.copied() };
}

/** An instance on constants that were lent. Its activations lie in `region` of a shared memory, if that is given and large enough. */
export function borrow({ program, rows, constants }: Loan, region?: Region): Instance {
  const places = new ConstantPlaces(program, (name) => rows.get(name) ?? 0);
  const memory = isBytes(constants) ? memoryOf(constants) : constants;
  return new Instance(program, prove(program), new Constants(memory, places, 0), { shared: !isBytes(constants), region });
}

function memoryOf(constants: Uint8Array): WebAssembly.Memory {
  const memory = allocateMemory(MEMORY_BASE + constants.length, MEMORY);
  new Uint8Array(memory.buffer).set(constants, MEMORY_BASE);
  return memory;
}
