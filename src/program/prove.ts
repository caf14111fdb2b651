import { describe } from '../base/json.ts';
import { whole } from '../base/slices.ts';
import { hostRule } from '../graph/hostvalues.ts';
import { MASK } from '../nn/inputs.ts';
import { areApart } from '../nn/nesting.ts';
import { isOutputName, OUTPUT_NAMES } from '../nn/outputs.ts';
import { attributesOf, type Call, checkCall, type Operands } from '../ops/call.ts';
import { ABSENT, type Arguments, type Kind, kindOf, type WeightLayout } from '../ops/kinds.ts';
import { wordsOf } from '../ops/op.ts';
import { opOf } from '../ops/table.ts';
import { type Dim, evaluateDim, type Sizes, showDim } from '../tensor/dim.ts';
import { type Shape, sameShape, sizeOf } from '../tensor/tensor.ts';
import { expect } from './json.ts';
import { align, bytesOf } from './layout.ts';
import { type Access, checkPlan, type Step } from './lifetimes.ts';
import { type Program, TOKENS, type ValueInfo } from './program.ts';
import { maskedTokens, sizesOf } from './sizes.ts';

/** An instruction whose words have been read and proved to fit its op. */
export interface Instruction {
  op: string;
  /** Module path. */
  path: string;
  /** Index of its first word in the code. */
  at: number;
  call: Call;
  /** Index of the result among the values. */
  out: number;
  /** Indexes of the operands among the values, by name; null where left out. */
  operands: Record<string, number | null>;
  /** Byte offset of its scratch in the arena. */
  scratch: number;
  activation: string;
  /** Attributes that depend on symbols. */
  attrDims: Record<string, Dim>;
}

/** A program that was proved sound: every word means something, every operand fits, no value is overwritten while it is needed. */
export interface ProvedProgram {
  instructions: Instruction[];
  /** What symbols stand for in the program as it is in the file. */
  base: Sizes;
}

/** Reads and proves a program. Throws `op` errors for unknown names, `format` errors for everything that cannot be. */
export const prove = (program: Program): ProvedProgram => whole(proving(program));

/** The same, instruction by instruction. */
export function* proving(program: Program): Generator<void, ProvedProgram> {
  program.ops.forEach(opOf);
  checkValues(program);
  const base = checkSymbols(program);
  const dims = new Map(program.words.map(({ word, dim }) => [word, dim]));
  const written = [...program.inputs, ...program.hostValues].map(({ value }) => value);
  const instructions: Instruction[] = [];
  for (let at = 0; at < program.code.length; ) {
    const instruction = readInstruction(program, at, instructions.length, dims);
    checkTrusted(program, instruction, written);
    instructions.push(instruction);
    at += 1 + wordsOf(instruction.call.row).length;
    yield;
  }
  const results = [...written, ...instructions.map(({ out }) => out)];
  expect(new Set(results).size === results.length, 'results', 'each of them written once', 'one written twice');
  expect(program.paths.length === instructions.length, 'paths', `${instructions.length} of them`, `${program.paths.length}`);
  const accessOf = (name: string, value: number): Access | undefined => arenaAccess(program, name, value);
  const defined = <T>(items: (T | undefined)[]): T[] => items.filter((item): item is T & {} => item !== undefined);
  const steps = instructions.map((instruction) => stepOf(instruction, accessOf));
  const given = defined([
    ...program.inputs.map(({ name, value }) => accessOf(`input ${name}`, value)),
    ...program.hostValues.map(({ rule, value }) => accessOf(rule, value)),
  ]);
  checkPlan(steps, given, defined(program.outputs.map(({ name, value }) => accessOf(name, value))), program.arena);
  checkRoom(steps, given, program.arena);
  return { instructions, base };
}

/** An arena is no larger than all that is ever written to it, side by side. */
function checkRoom(steps: readonly Step[], given: readonly Access[], arena: number): void {
  let most = 0;
  for (const { bytes } of given) most += align(bytes);
  for (const { writes } of steps) for (const { bytes } of writes) most += align(bytes);
  expect(arena <= most, 'arena', `at most the ${most} bytes of all values and scratch`, `${arena}`);
}

/** How many views may stand between a value and its memory. */
const MOST_VIEWS = 1000;

function checkValues({ values, constants, inputs, hostValues, outputs, structure }: Program): void {
  const depths = new Uint16Array(values.length);
  values.forEach(({ shape, place, dtype }, i) => {
    const what = `value ${i}`;
    if ('view' in place) {
      expect(place.view < i, what, 'a view of an earlier value', `${place.view}`);
      depths[i] = depths[place.view] + 1;
      expect(depths[i] <= MOST_VIEWS, what, `at most ${MOST_VIEWS} views of one another`, `${depths[i]}`);
      const base = values[place.view];
      expect(
        sizeOf(base.shape) === sizeOf(shape) && base.dtype === dtype && layoutOf(base, constants) === 'plain',
        what,
        `a view of plain ${shown(base)} with the same elements`,
        shown({ dtype, shape }),
      );
    } else if ('constant' in place) {
      const constant = constants[place.constant];
      expect(constant !== undefined, what, `one of ${constants.length} constants`, `${place.constant}`);
      expect(
        constant.dtype === dtype && sameShape(constant.shape, shape),
        what,
        `${constant.dtype} [${constant.shape}]`,
        `${dtype} [${shape}]`,
      );
    }
  });
  for (const { name, value } of [...inputs, ...outputs]) expect(value in values, `"${name}"`, `one of ${values.length} values`, `${value}`);
  for (const { name, value } of inputs) expect('arena' in values[value].place, `input "${name}"`, 'a value in the arena', 'something else');
  checkHostValues({ values, inputs, hostValues });
  for (const { name, value } of outputs)
    expect(layoutOf(values[value], constants) === 'plain', `output "${name}"`, 'a plain value', 'a weight in panels');
  const names = [...inputs.map(({ name }) => `in ${name}`), ...outputs.map(({ name }) => `out ${name}`)];
  expect(new Set(names).size === names.length, 'inputs and outputs', 'unique names', names.join(', '));
  const count = structure === 'tensor' ? outputs.length === 1 : outputs.length > 0;
  expect(count, 'outputs', structure === 'tensor' ? 'one' : 'at least one', `${outputs.length}`);
  const nameless = outputs.find(({ name }) => !isOutputName(name));
  expect(!nameless, 'outputs', OUTPUT_NAMES, describe(nameless?.name));
  for (const [side, ports] of Object.entries({ inputs, outputs }))
    expect(
      areApart(ports.map(({ name }) => name)),
      side,
      'names none of which another is within',
      ports.map(({ name }) => name).join(', '),
    );
}

/** Everything that the host writes has a place of its own, and its number of elements is that of its tokens. */
function checkHostValues({ values, inputs, hostValues }: Pick<Program, 'values' | 'inputs' | 'hostValues'>): void {
  const whole = new Set(inputs.filter(({ value }) => values[value].dtype === 'int32').map(({ name }) => name));
  for (const [i, { value, rule, masked, fill, input, grid }] of hostValues.entries()) {
    const what = `hostValues[${i}] (${rule})`;
    const info = values[value];
    expect(info !== undefined && 'arena' in info.place && info.dtype === 'int32', what, 'an int32 value in the arena', `${value}`);
    expect(grid.length === 2, what, 'a batch and a sequence', describe(grid));
    const [asksInput, asksFill] = (['input', 'fill'] as const).map((name) => hostRule(rule).asks.includes(name));
    expect(asksInput ? whole.has(input as string) : input === undefined, what, asksInput ? 'an int32 input' : 'no input', describe(input));
    expect(asksFill === (fill !== undefined), what, asksFill ? 'a number' : 'no fill', describe(fill));
    expect(!masked || whole.has(MASK), what, `an int32 input ${MASK}`, 'none');
  }
  const written = [...inputs, ...hostValues].map(({ value }) => value);
  expect(new Set(written).size === written.length, 'inputs and host values', 'values of their own', `${written}`);
}

/** Proves that dimensions in symbols are those of the file at the dummies' sizes; answers with these sizes. */
function checkSymbols(program: Program): Sizes {
  const base = sizesOf(program.inputs.map(({ value }) => program.values[value]));
  expect(base[TOKENS] === undefined, 'inputs', `dimensions other than ${TOKENS}`, TOKENS);
  for (const [symbol, [low, high]] of Object.entries(program.symbols))
    expect(
      base[symbol] >= low && base[symbol] <= high,
      `symbol ${symbol}`,
      `a dimension of an input from ${low} to ${high}`,
      `${base[symbol]}`,
    );
  const tokens = maskedTokens(program, base);
  if (tokens !== undefined) base[TOKENS] = tokens;
  const check = (what: string, dim: Dim, number: number): void =>
    expect(evaluateDim(dim, base) === number, what, `${number}`, `${showDim(dim)} = ${evaluateDim(dim, base)}`);
  program.values.forEach(({ dims, shape, place }, i) => {
    expect(!dims || (dims.length === shape.length && !('constant' in place)), `value ${i}`, `${shape.length} dimensions`, describe(dims));
    for (const [axis, dim] of (dims ?? []).entries()) check(`value ${i}, dimension ${axis}`, dim, shape[axis]);
  });
  for (const { word, dim } of program.words) check(`word ${word}`, dim, program.code[word]);
  return base;
}

/** The constant that a value is, or is a view of; undefined for one in the arena. */
export function constantOf(values: readonly ValueInfo[], value: number): number | undefined {
  const { place } = values[storageIndex(values, value)];
  return 'constant' in place ? place.constant : undefined;
}

const layoutOf = ({ place }: ValueInfo, constants: Program['constants']): WeightLayout =>
  'constant' in place ? constants[place.constant].layout : 'plain';

function readInstruction(program: Program, at: number, index: number, dims: ReadonlyMap<number, Dim>): Instruction {
  const { ops, code, values, paths } = program;
  const where = `instruction ${index} (word ${at})`;
  const op = ops[code[at]];
  expect(op !== undefined, where, `an op from 0 to ${ops.length - 1}`, `${code[at]}`);
  const args = wordsOf(opOf(op));
  expect(at + args.length < code.length, where, `${args.length} words for ${op}`, `${code.length - at - 1}`);
  const said: Arguments = { out: ABSENT, operands: {}, numbers: {}, activation: 'none', scratch: 0 };
  const attrDims: Record<string, Dim> = {};
  args.forEach(([name, kind], i) => {
    const dim = dims.get(at + 1 + i);
    if (dim !== undefined) {
      expect(kindOf(kind).symbolic === true, `${where}: ${op} ${name}`, 'the same number at all sizes', showDim(dim));
      attrDims[name] = dim;
    }
    kindOf(kind).fromWord?.(code[at + 1 + i], said, name, ops);
  });
  const { out, operands, activation, scratch } = said;
  const shapes: Operands<ValueInfo> = {};
  for (const [name, kind] of args) {
    const value = operands[name];
    if (typeof value === 'number') shapes[name] = readOperand(program, value, kind, `${where}: ${op} ${name}`);
  }
  const call = checkCall(op, shapes, attributesOf(opOf(op), said));
  const proved = { ...said, numbers: call.numbers };
  for (const [i, [name, kind]] of args.entries()) {
    const word = kindOf(kind).toWord?.(proved, name, ops);
    expect(word === code[at + 1 + i], `${where}: ${op} ${name}`, `${word}`, `${code[at + 1 + i]}`);
  }
  expect(out in values && 'arena' in values[out].place, `${where}: ${op} out`, 'a value in the arena', `${out}`);
  const { dtype } = call;
  expect(
    values[out].dtype === dtype && sameShape(values[out].shape, call.shape),
    `${where}: ${op} out`,
    shown({ dtype, shape: call.shape }),
    shown(values[out]),
  );
  return { op, path: paths[index], at, call, out, operands, scratch, activation, attrDims };
}

/** What a kernel trusts is proved before a call: it is an input, or written by the host, or a constant. */
function checkTrusted({ values }: Program, { op, operands, call }: Instruction, written: readonly number[]): void {
  for (const name of call.row.trusted ?? []) {
    const storage = storageIndex(values, operands[name] as number);
    const isProved = 'constant' in values[storage].place || written.includes(storage);
    expect(isProved, `${op} ${name}`, 'an input, a host value or a constant', 'the result of an op');
  }
}

const lying = (layout: WeightLayout = 'plain'): string => (layout === 'plain' ? 'as it is' : `in ${layout}`);

/** The operand that a word stands for, which lies as a kernel reads it. */
function readOperand({ values, constants }: Program, value: number, kind: Kind, what: string): ValueInfo {
  expect(value in values, what, `one of ${values.length} values`, `${value}`);
  const { weight } = kindOf(kind);
  if (weight) expect(constantOf(values, value) !== undefined, what, 'a constant', 'a value in the arena');
  const layout = layoutOf(values[value], constants);
  expect(layout === (weight ?? 'plain'), what, `a value that lies ${lying(weight)}`, `one that lies ${lying(layout)}`);
  return values[value];
}

/** A value in words. */
export const shown = ({ dtype, shape }: { dtype: string; shape: Shape }): string => `${dtype} [${shape}]`;

/** The value whose memory `value` shows. */
export function storageIndex(values: readonly ValueInfo[], value: number): number {
  let at = value;
  for (let { place } = values[at]; 'view' in place; { place } = values[at]) at = place.view;
  return at;
}

function arenaAccess({ values }: Program, name: string, value: number): Access | undefined {
  const storage = storageIndex(values, value);
  const { place } = values[storage];
  return 'arena' in place ? { name, value: storage, offset: place.arena, bytes: bytesOf(values[storage]) } : undefined;
}

function stepOf(instruction: Instruction, accessOf: (name: string, value: number) => Access | undefined): Step {
  const reads = new Map<string, Access>();
  for (const [name, value] of Object.entries(instruction.operands)) {
    const access = value === null ? undefined : accessOf(name, value);
    if (access) reads.set(name, access);
  }
  const writes = [accessOf('out', instruction.out) as Access];
  const { scratch, row } = instruction.call;
  if (scratch) writes.push({ name: 'scratch', offset: instruction.scratch, bytes: scratch });
  return { reads: [...reads.values()], writes, inPlace: row.inPlace ? reads.get(row.inPlace) : undefined };
}
