import { bestVariant } from '../kernels.ts';
import type { Choice } from '../threads/choose.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import type { Graph } from './graph.ts';
import { Instance } from './instance.ts';
import type { Program } from './program.ts';

/** A graph as a program in a memory of its own, ready to run. */
export function buildInstance(graph: Graph, structure: Program['structure'], choice?: Choice): Instance {
  const { program, constants } = encode(graph, structure);
  const decoded = decode(program);
  const rows = new Map(constants.flatMap(({ parts }) => parts).map(({ name, tensor }) => [name, tensor.shape[0]]));
  const instance = new Instance(program, (name) => rows.get(name) ?? 0, { threads: choice });
  instance.weights.fill(constants);
  instance.weights.settle(instance.kernels(bestVariant()));
  instance.start(decoded);
  return instance;
}
