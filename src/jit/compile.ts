import type { Graph } from '../graph/graph.ts';
import { bestVariant } from '../kernels/binaries.ts';
import { encode } from '../program/encode.ts';
import type { Program } from '../program/program.ts';
import { decode } from '../program/prove.ts';
import { Instance } from '../runtime/instance.ts';
import type { Choice } from '../runtime/threads/choose.ts';

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
