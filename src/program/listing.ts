import { type Kind, kindOf } from '../ops/kinds.ts';
import { wordsOf } from '../ops/op.ts';
import { showDim } from '../tensor/dim.ts';
import { DTYPES } from '../tensor/dtype.ts';
import type { HostValueInfo, Program, ValueInfo } from './program.ts';
import type { Instruction } from './prove.ts';

const shownShape = ({ shape, dims = shape }: ValueInfo): string => `[${dims.map(showDim).join(', ')}]`;
const typeOf = (value: ValueInfo): string => `${DTYPES[value.dtype].safetensors.toLowerCase()}${shownShape(value)}`;

/** A value's name: %input, %index of a result, or the tensors of a constant. */
type NameOf = (value: number) => string;

function namesOf({ values, constants, inputs, hostValues }: Program): NameOf {
  const given = new Map([
    ...hostValues.map((one) => [one.value, hostValueName(one)] as const),
    ...inputs.map(({ name, value }) => [value, `%${name}`] as const),
  ]);
  return function nameOf(value): string {
    const { place } = values[value];
    const name = given.get(value);
    if (name !== undefined) return name;
    if ('view' in place) return `${nameOf(place.view)}:${shownShape(values[value])}`;
    return 'constant' in place ? constants[place.constant].parts.join(' ⧺ ') : `%${value}`;
  };
}

const hostValueName = ({ rule, input, fill }: HostValueInfo): string => {
  const of = [...(input === undefined ? [] : [`%${input}`]), ...(fill === undefined ? [] : [fill])];
  return of.length === 0 ? rule : `${rule}(${of.join(', ')})`;
};

/** An argument that is neither result nor scratch, in words. */
function argument(nameOf: NameOf, { operands, call, activation }: Instruction, name: string, kind: Kind): string | undefined {
  const { dtype, show } = kindOf(kind);
  if (!dtype) return show?.({ numbers: call.numbers, activation }, name);
  const value = operands[name];
  return value === null ? undefined : nameOf(value);
}

/** The graph, one line an instruction, with shapes and the modules they come from. */
export function listGraph(program: Program, instructions: readonly Instruction[]): string {
  const nameOf = namesOf(program);
  const inputs = program.inputs.map(({ name, value }) => `%${name}: ${typeOf(program.values[value])}`);
  const lines = instructions.map((instruction) => {
    const args = wordsOf(instruction.call.row).map(([name, kind]) => argument(nameOf, instruction, name, kind));
    const result = `%${instruction.out}: ${typeOf(program.values[instruction.out])}`;
    return `  ${result} = ${instruction.op}(${args.filter(Boolean).join(', ')})${instruction.path && `  # ${instruction.path}`}`;
  });
  const outputs = program.outputs.map(({ name, value }) => `  return ${name}: ${typeOf(program.values[value])} = ${nameOf(value)}`);
  return [`graph(${inputs.join(', ')}):`, ...lines, ...outputs].join('\n');
}

/** The flat buffer, one line an instruction: index of its first word, op, then each word under the name of its argument; floats as the numbers that their bits stand for. */
export function listCode({ code }: Program, instructions: readonly Instruction[]): string {
  return instructions
    .map(({ at, op, call }) => {
      const words = wordsOf(call.row).map(([name, kind], i) => {
        const word = code[at + 1 + i];
        return `${name}=${kindOf(kind).showWord?.(word) ?? word}`;
      });
      return `${String(at).padStart(6, '0')}  ${op.padEnd(17)} ${words.join(' ')}`;
    })
    .join('\n');
}
