import { type Constant, type Graph, type HostValue, type Input, makeNode, type Part, type Value } from '../graph/graph.ts';
import { attributesOf } from '../ops/call.ts';
import { type Sizes, shapeAt } from '../tensor/dim.ts';
import type { HostValueInfo, Program } from './program.ts';
import type { ProvedProgram } from './prove.ts';

/** The graph that a program was encoded from, with its weights as `read` has them: the inverse of `encode`. Node i is instruction i. */
export function liftGraph(program: Program, proved: ProvedProgram, read: (name: string) => Part): Graph {
  const parts = new Map<string, Part>();
  const partOf = (name: string): Part => {
    const part = parts.get(name) ?? read(name);
    parts.set(name, part);
    return part;
  };
  const constants = program.constants.map(
    ({ dtype, shape, parts: names }): Constant => ({ kind: 'constant', dtype, shape, parts: names.map(partOf) }),
  );
  const inputs = program.inputs.map(({ name, value }): Input => {
    const { dtype, shape, dims } = program.values[value];
    return { kind: 'input', name, dtype, shape, dims };
  });
  const values = new Map<number, Value>(inputs.map((input, i) => [program.inputs[i].value, input]));
  for (const one of program.hostValues) values.set(one.value, liftHostValue(one, program, inputs, proved.base));
  const valueAt = (index: number): Value => {
    const known = values.get(index);
    if (known) return known;
    const { place, dtype, shape, dims } = program.values[index];
    const value: Value =
      'view' in place
        ? { kind: 'view', base: valueAt(place.view), dtype, shape, dims }
        : constants[(place as { constant: number }).constant];
    values.set(index, value);
    return value;
  };
  const nodes = proved.instructions.map((instruction) => {
    const operands = Object.entries(instruction.operands).map(([name, index]) => [name, index === null ? null : valueAt(index)]);
    const node = makeNode(
      instruction.op,
      Object.fromEntries(operands),
      attributesOf(instruction.call.row, { numbers: instruction.call.numbers, activation: instruction.activation }),
      {
        path: instruction.path,
        dims: program.values[instruction.out].dims,
        attrDims: Object.keys(instruction.attrDims).length > 0 ? instruction.attrDims : undefined,
      },
    );
    values.set(instruction.out, node);
    return node;
  });
  return { inputs, bounds: program.symbols, nodes, outputs: program.outputs.map(({ name, value }) => ({ name, value: valueAt(value) })) };
}

function liftHostValue(
  { value, rule, grid, masked, fill, input }: HostValueInfo,
  { values }: Program,
  inputs: readonly Input[],
  base: Sizes,
): HostValue {
  const { shape, dims } = values[value];
  const numbers = shapeAt(grid, base);
  const source = inputs.find(({ name }) => name === input);
  return { kind: 'host', rule, grid: numbers, gridDims: grid, masked, fill, input: source, dtype: 'int32', shape, dims };
}
