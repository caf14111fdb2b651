import { type Attributes, type Call, checkCall, type Operands, type Range, rangesOf } from '../call.ts';
import { DTYPES } from '../dtype.ts';
import { TraceletError } from '../error.ts';
import { describe, isObject } from '../json.ts';
import { dtypeOf, isOptional, isWeight, wordsOf } from '../op.ts';
import { rowOf } from '../ops.ts';
import { type Shape, sameShape, sizeOf } from '../tensor.ts';
import { isOutputName, OUTPUT_NAMES } from './outputs.ts';
import { type Access, bytesOf, checkPlan, type Step } from './plan.ts';
import { type Program, type ValueInfo, wordToFloat } from './program.ts';

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
}

/** A program that was proved sound: every word means something, every operand fits, no value is overwritten while it is needed. */
export interface Decoded {
  instructions: Instruction[];
  /** What the elements of int32 inputs and constants may be, by value. */
  ranges: Map<number, Range>;
}

/** Reads and proves a program. Throws `op` errors for unknown names, `format` errors for everything that cannot be. */
export function decode(program: Program): Decoded {
  program.ops.forEach(rowOf);
  checkValues(program);
  const instructions: Instruction[] = [];
  for (let at = 0; at < program.code.length; ) {
    const instruction = readInstruction(program, at, instructions.length);
    instructions.push(instruction);
    at += 1 + wordsOf(instruction.call.row).length;
  }
  expect(program.paths.length === instructions.length, 'paths', `${instructions.length} of them`, `${program.paths.length}`);
  const accessOf = (name: string, value: number): Access | undefined => arenaAccess(program, name, value);
  const defined = <T>(items: (T | undefined)[]): T[] => items.filter((item): item is T & {} => item !== undefined);
  checkPlan(
    instructions.map((instruction) => stepOf(instruction, accessOf)),
    defined(program.inputs.map(({ name, value }) => accessOf(`input ${name}`, value))),
    defined(program.outputs.map(({ name, value }) => accessOf(name, value))),
    program.arena,
  );
  return { instructions, ranges: elementRanges(program, instructions) };
}

function checkValues({ values, constants, inputs, outputs, structure }: Program): void {
  values.forEach(({ shape, place, dtype }, i) => {
    const what = `value ${i}`;
    if ('view' in place) {
      expect(place.view >= 0 && place.view < i, what, 'a view of an earlier value', `${place.view}`);
      const base = values[place.view];
      expect(
        sizeOf(base.shape) === sizeOf(shape) && base.dtype === dtype && !isPacked(base, constants),
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
  for (const { name, value } of outputs)
    expect(!isPacked(values[value], constants), `output "${name}"`, 'a plain value', 'a packed weight');
  const names = [...inputs.map(({ name }) => `in ${name}`), ...outputs.map(({ name }) => `out ${name}`)];
  expect(new Set(names).size === names.length, 'inputs and outputs', 'unique names', names.join(', '));
  const count = structure === 'tensor' ? outputs.length === 1 : outputs.length > 0;
  expect(count, 'outputs', structure === 'tensor' ? 'one' : 'at least one', `${outputs.length}`);
  const nameless = outputs.find(({ name }) => !isOutputName(name));
  expect(!nameless, 'outputs', OUTPUT_NAMES, describe(nameless?.name));
}

/** The constant that a value is, or is a view of; undefined for one in the arena. */
export function constantOf(values: readonly ValueInfo[], value: number): number | undefined {
  const { place } = values[storageIndex(values, value)];
  return 'constant' in place ? place.constant : undefined;
}

const isPacked = ({ place }: ValueInfo, constants: Program['constants']): boolean =>
  'constant' in place && constants[place.constant].layout === 'packed';

function readInstruction({ ops, code, values, constants, paths }: Program, at: number, index: number): Instruction {
  const where = `instruction ${index} (word ${at})`;
  const op = ops[code[at]];
  expect(op !== undefined, where, `an op from 0 to ${ops.length - 1}`, `${code[at]}`);
  const args = wordsOf(rowOf(op));
  expect(at + args.length < code.length, where, `${args.length} words for ${op}`, `${code.length - at - 1}`);
  const words = Object.fromEntries(args.map(([name], i) => [name, code[at + 1 + i]]));
  const instruction = {
    op,
    path: paths[index] ?? '',
    at,
    out: -1,
    scratch: 0,
    activation: 'none',
    operands: {} as Record<string, number | null>,
  };
  const shapes: Operands<ValueInfo> = {};
  const attrs: Attributes = {};
  for (const [name, kind] of args) {
    const word = words[name];
    if (dtypeOf(kind) || kind === 'out') {
      const absent = word === -1 && isOptional(kind);
      expect(absent || word in values, `${where}: ${op} ${name}`, `one of ${values.length} values`, `${word}`);
      if (kind === 'out') instruction.out = word;
      else instruction.operands[name] = absent ? null : word;
      if (kind !== 'out' && !absent) {
        shapes[name] = values[word];
        if (isWeight(kind)) expect(constantOf(values, word) !== undefined, `${where}: ${op} ${name}`, 'a constant', 'a value in the arena');
        const packed = isPacked(values[word], constants);
        expect(
          packed === (kind === 'packed'),
          `${where}: ${op} ${name}`,
          `a ${kind} value`,
          packed ? 'a packed weight' : 'a value that is not packed',
        );
      }
    } else if (kind === 'scratch') instruction.scratch = word >>> 0;
    else if (kind === 'form') expect(word === 0, `${where}: ${op} ${name}`, '0', `${word}`);
    else if (kind === 'float') attrs[name] = wordToFloat(word);
    else if (kind === 'attr') attrs[name] = word;
    else if (kind === 'activation') attrs[name] = instruction.activation = word === -1 ? 'none' : (ops[word] ?? `${word}`);
  }
  const call = checkCall(op, shapes, attrs);
  for (const [name, kind] of args)
    if (kind === 'int') expect(words[name] === call.numbers[name], `${where}: ${op} ${name}`, `${call.numbers[name]}`, `${words[name]}`);
  const result = values[instruction.out];
  expect('arena' in result.place, `${where}: ${op} out`, 'a value in the arena', 'something else');
  expect(result.dtype === 'float32' && sameShape(result.shape, call.shape), `${where}: ${op} out`, `[${call.shape}]`, shown(result));
  return { ...instruction, call };
}

const shown = ({ dtype, shape }: { dtype: string; shape: Shape }): string => `${dtype} [${shape}]`;

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

function elementRanges({ values }: Program, instructions: readonly Instruction[]): Map<number, Range> {
  const ranges = new Map<number, Range>();
  for (const { call, operands } of instructions)
    for (const [name, { bound, step }] of rangesOf(call)) {
      const value = operands[name];
      if (value === null || value === undefined) continue;
      const storage = storageIndex(values, value);
      const known = ranges.get(storage);
      const steps = [step, known?.step].filter((limit) => limit !== undefined);
      ranges.set(storage, {
        bound: Math.min(bound, known?.bound ?? Number.POSITIVE_INFINITY),
        step: steps.length > 0 ? Math.min(...steps) : undefined,
      });
    }
  return ranges;
}

function expect(holds: boolean, what: string, expected: string, got: string): asserts holds {
  if (!holds) throw new TraceletError('format', { what: `trace: ${what}`, expected, got, cure: 'The trace is damaged: make it again' });
}

/** Reads the JSON form of everything in a program but its code. Throws `format` errors. */
export function parseProgram(json: string, code: Int32Array): Program {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch (cause) {
    throw new TraceletError('format', { what: 'trace: program', expected: 'JSON', got: (cause as Error).message });
  }
  expect(isObject(raw), 'program', 'an object', describe(raw));
  const list = (name: string): unknown[] => {
    const items = raw[name];
    expect(Array.isArray(items), name, 'a list', describe(items));
    return items;
  };
  const texts = (name: string): string[] => list(name).map((item, i) => textOf(item, `${name}[${i}]`));
  const bindings = (name: string) =>
    list(name).map((item, i) => {
      expect(isObject(item), `${name}[${i}]`, 'a name and a value', describe(item));
      return { name: textOf(item.name, `${name}[${i}].name`), value: wholeOf(item.value, `${name}[${i}].value`) };
    });
  const { structure } = raw;
  expect(structure === 'tensor' || structure === 'tuple', 'structure', 'tensor or tuple', describe(structure));
  return {
    ops: texts('ops'),
    values: list('values').map((item, i) => ({ ...typedOf(item, `values[${i}]`), place: placeOf(item, `values[${i}]`) })),
    constants: list('constants').map((item, i) => {
      const what = `constants[${i}]`;
      expect(isObject(item), what, 'an object', describe(item));
      const { layout, parts } = item;
      expect(layout === 'plain' || layout === 'packed', `${what}.layout`, 'plain or packed', describe(layout));
      expect(Array.isArray(parts) && parts.length > 0, `${what}.parts`, 'at least one tensor name', describe(parts));
      return { ...typedOf(item, what), layout, parts: parts.map((part) => textOf(part, `${what}.parts`)) };
    }),
    inputs: bindings('inputs'),
    outputs: bindings('outputs'),
    paths: texts('paths'),
    arena: wholeOf(raw.arena, 'arena'),
    structure,
    code,
  };
}

function textOf(value: unknown, what: string): string {
  expect(typeof value === 'string', what, 'a string', describe(value));
  return value;
}

function wholeOf(value: unknown, what: string): number {
  expect(Number.isSafeInteger(value) && (value as number) >= 0, what, 'a whole number', describe(value));
  return value as number;
}

function typedOf(item: unknown, what: string): Pick<ValueInfo, 'dtype' | 'shape'> {
  expect(isObject(item), what, 'an object', describe(item));
  const { dtype, shape } = item;
  expect(
    typeof dtype === 'string' && Object.hasOwn(DTYPES, dtype),
    `${what}.dtype`,
    `one of ${Object.keys(DTYPES).join(', ')}`,
    describe(dtype),
  );
  expect(Array.isArray(shape), `${what}.shape`, 'a list', describe(shape));
  const dims = shape.map((dim) => wholeOf(dim, `${what}.shape`));
  expect(sizeOf(dims) <= 2 ** 31, `${what}.shape`, 'at most 2³¹ elements', `[${dims}]`);
  return { dtype: dtype as ValueInfo['dtype'], shape: dims };
}

function placeOf(item: unknown, what: string): ValueInfo['place'] {
  const { place } = item as Record<string, unknown>;
  expect(isObject(place) && Object.keys(place).length === 1, `${what}.place`, 'arena, constant or view', describe(place));
  const [[kind, at]] = Object.entries(place);
  expect(kind === 'arena' || kind === 'constant' || kind === 'view', `${what}.place`, 'arena, constant or view', kind);
  return { [kind]: wholeOf(at, `${what}.place`) } as unknown as ValueInfo['place'];
}
