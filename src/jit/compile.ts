import { whole } from '../base/slices.ts';
import type { Graph } from '../graph/graph.ts';
import { bestVariant, instantiate } from '../kernels/binaries.ts';
import { encode } from '../program/encode.ts';
import type { Program } from '../program/program.ts';
import { decode } from '../program/prove.ts';
import { ConstantsBuilder } from '../runtime/constants.ts';
import { Instance } from '../runtime/instance.ts';

/** A graph as a program in a memory of its own, which threads share if `shared`. */
export function buildInstance(graph: Graph, structure: Program['structure'], shared = false): Instance {
  const { program, constants } = encode(graph, structure);
  const decoded = decode(program);
  const rows = new Map(constants.flatMap(({ parts }) => parts).map(({ name, tensor }) => [name, tensor.shape[0]]));
  const builder = new ConstantsBuilder(program, (name) => rows.get(name) ?? 0, shared);
  builder.fill(constants);
  return new Instance(program, decoded, whole(builder.settle(instantiate(bestVariant(), builder.memory))));
}
