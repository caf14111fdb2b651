import { isBytes } from '../base/realm.ts';
import type { Region } from '../kernels/arena.ts';
import { allocateMemory, isShared, MEMORY_BASE } from '../kernels/binaries.ts';
import type { Program } from '../program/program.ts';
import { decode } from '../program/prove.ts';
import { Instance } from './instance.ts';

/** What it takes to run a program elsewhere with the weights of an instance. It can be posted to workers. */
export interface Lent {
  program: Program;
  /** First dimensions of the tensors that constants are made of. */
  rows: ReadonlyMap<string, number>;
  /** The memory, where it is shared, and otherwise a copy of the constants in it. */
  weights: WebAssembly.Memory | Uint8Array<ArrayBuffer>;
}

/** Lends the weights of an instance that is ready to run. */
export function lend({ program, weights, memory }: Instance): Lent {
  const constants = (): Uint8Array<ArrayBuffer> => new Uint8Array(memory.buffer.slice(MEMORY_BASE, weights.arena) as ArrayBuffer);
  return { program, rows: weights.rows(), weights: isShared(memory) ? memory : constants() };
}

/** An instance on lent weights, ready to run. Its activations lie in `region` of a shared memory, if that is given and large enough. */
export function borrow({ program, rows, weights }: Lent, region?: Region): Instance {
  const memory = isBytes(weights) ? memoryOf(weights) : weights;
  const instance = new Instance(program, (name) => rows.get(name) ?? 0, { memory, shared: !isBytes(weights), region });
  instance.start(decode(program));
  return instance;
}

function memoryOf(constants: Uint8Array): WebAssembly.Memory {
  const memory = allocateMemory(MEMORY_BASE + constants.length, 'memory for the trace');
  new Uint8Array(memory.buffer).set(constants, MEMORY_BASE);
  return memory;
}
