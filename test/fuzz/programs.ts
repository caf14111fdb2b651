import { CODE, FILES, GOLDEN_OUT } from '../../src/formats/trace.ts';
import { HOST_RULES } from '../../src/graph/hostvalues.ts';
import { OPS } from '../../src/ops/table.ts';
import { DTYPES, type DType } from '../../src/tensor/dtype.ts';
import { sizeOf, Tensor } from '../../src/tensor/tensor.ts';
import type { Loose, Parts } from '../support/malformed_trace.ts';
import { mutateBytes } from './bytes.ts';
import type { Random } from './random.ts';

const NUMBERS = [0, 1, -1, 2, 3, 4, 7, 8, 16, 31, 32, 64, 127, 128, 255, 256, 4096, 65535, 65536, 2 ** 24, 2 ** 31 - 1, -(2 ** 31)];
const FLOATS = [0, -0, 1, -1, 1e-45, 1e-12, 1e-5, 0.5, 2, 1e38, -1e38, Infinity, -Infinity, NaN].map(
  (value) => new Int32Array(Float32Array.of(value).buffer)[0],
);
const NAMES = [
  'input_ids',
  'attention_mask',
  'pooling_mask',
  'position_ids',
  'x',
  'x.0',
  'tokens',
  'batch',
  'sequence',
  '',
  'last_hidden_state',
  '0',
  '1',
];

/** Changes a program so that it may still be one. `inert` ones change no answer. */
export interface ProgramMutator {
  change(parts: Parts, random: Random): void;
  inert?: boolean;
}

const near = (value: number, random: Random): number =>
  random.chance(0.5) ? value + random.pick([-1, 1, -4, 4, 16, 64]) : random.pick([...NUMBERS, 2 * value, -value, Math.trunc(value / 2)]);

const put = (of: Loose, key: string | number, value: unknown): void => {
  of[key] = value;
};

/** Two places of a list, of which it has at least one. */
const twoOf = (list: Loose[], random: Random): [number, number] => [random.below(list.length), random.below(list.length)];

function exchange(list: Loose[], random: Random): void {
  const [i, j] = twoOf(list, random);
  [list[i], list[j]] = [list[j], list[i]];
}

const anyOf = (random: Random, ...lists: Loose[][]): Loose => random.pick(lists.filter((list) => list.length > 0).flat());

/** Begins of the instructions, by the op table. */
function beginsOf({ program, code }: Parts): number[] {
  const begins: number[] = [];
  for (let at = 0; at < code.length; ) {
    const args = OPS[program.ops[code[at]] as keyof typeof OPS]?.args;
    begins.push(at);
    at += 1 + (args ? Object.values(args).filter((kind) => kind !== 'stride').length : 1);
  }
  return begins;
}

function instructionAt(parts: Parts, random: Random): { index: number; begin: number; words: number[] } {
  const begins = beginsOf(parts);
  const index = random.below(begins.length);
  const begin = begins[index];
  return { index, begin, words: parts.code.slice(begin, begins[index + 1] ?? parts.code.length) };
}

/** Gives a dimension of that size another one wherever it stands. */
function resized(value: Loose, from: number, to: number): Loose {
  if (value === from) return to;
  if (Array.isArray(value)) return value.map((each) => resized(each, from, to));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === 'place' || key === 'value' ? each : resized(each, from, to)]),
  );
}

const otherTensor = (tensor: Tensor, random: Random): Tensor => {
  const { dtype, shape } = tensor;
  const bytes = new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  const way = random.below(4);
  if (way === 0) return new Tensor(dtype, [...shape].reverse(), tensor.data);
  if (way === 1) return new Tensor(dtype, random.chance(0.5) ? [1, ...shape] : [sizeOf(shape)], tensor.data);
  if (way === 2) return new Tensor('uint8', [bytes.length], bytes);
  const size = Math.max(0, sizeOf(shape) + random.pick([-1, 1]));
  return new Tensor(dtype, [size], new DTYPES[dtype].array(size));
};

const changedData = (tensor: Tensor, random: Random): Tensor => {
  const data = tensor.data.slice();
  const bytes = new Uint8Array(data.buffer);
  for (let i = random.between(1, 4); i > 0 && bytes.length > 0; i--) {
    const changed = mutateBytes(bytes, random).bytes;
    if (changed.length >= bytes.length) bytes.set(changed.subarray(0, bytes.length));
  }
  return new Tensor(tensor.dtype, tensor.shape, data);
};

const namesOf = ({ tensors }: Parts, prefix: string): string[] => [...tensors.keys()].filter((name) => name.startsWith(prefix));

function retold(parts: Parts, random: Random, names: readonly string[]): void {
  if (names.length === 0) return;
  const name = random.pick(names);
  parts.tensors.set(name, changedData(parts.tensors.get(name) as Tensor, random));
}

const CHANGES: Record<string, (parts: Parts, random: Random) => void> = {
  word({ code }, random) {
    const at = random.below(code.length);
    code[at] = random.chance(0.7) ? near(code[at], random) : random.pick([...FLOATS, ...code]);
  },
  operand({ code, program }, random) {
    code[random.below(code.length)] = random.between(-1, program.values.length);
  },
  op: ({ program }, random) => put(program.ops, random.below(program.ops.length), random.pick(Object.keys(OPS))),
  ops: ({ program }, random) => exchange(program.ops, random),
  'swap words': ({ code }, random) => exchange(code, random),
  'drop instruction'(parts, random) {
    const { index, begin, words } = instructionAt(parts, random);
    parts.code.splice(begin, words.length);
    parts.program.paths.splice(index, 1);
  },
  'double instruction'(parts, random) {
    const { index, words } = instructionAt(parts, random);
    parts.code.push(...words);
    parts.program.paths.push(parts.program.paths[index]);
  },
  'move instruction'(parts, random) {
    const { index, begin, words } = instructionAt(parts, random);
    parts.code.splice(begin, words.length);
    const [path] = parts.program.paths.splice(index, 1);
    const to = instructionAt(parts, random);
    parts.code.splice(to.begin, 0, ...words);
    parts.program.paths.splice(to.index, 0, path);
  },
  place({ program: { values } }, random) {
    const { place } = random.pick<Loose>(values);
    const [key] = Object.keys(place);
    place[key] = near(place[key], random);
  },
  'place of another': ({ program: { values } }, random) =>
    put(random.pick<Loose>(values), 'place', { ...random.pick<Loose>(values).place }),
  'kind of place'({ program: { values } }, random) {
    random.pick<Loose>(values).place = { [random.pick(['arena', 'constant', 'view'])]: random.below(values.length) };
  },
  dimension({ program: { values, constants } }, random) {
    const { shape } = anyOf(random, values, constants);
    const at = random.below(shape.length + 1);
    shape[at] = near(shape[at] ?? 1, random);
  },
  'dimensions swapped': ({ program: { values, constants } }, random) => exchange(anyOf(random, values, constants).shape, random),
  resize(parts, random) {
    const { program, code } = parts;
    const from = random.pick<number>(program.values.flatMap(({ shape }: Loose) => shape)) ?? 1;
    const to = random.pick([from + 1, from - 1, 2 * from, 1]);
    parts.program = resized(program, from, to);
    for (const [i, word] of code.entries()) if (word === from) code[i] = to;
  },
  dtype({ program: { values, constants } }, random) {
    anyOf(random, values, constants).dtype = random.pick<DType>(Object.keys(DTYPES) as DType[]);
  },
  layout: ({ program: { constants } }, random) =>
    void Object.assign(random.pick<Loose>(constants) ?? {}, { layout: random.pick(['plain', 'panels']) }),
  parts: ({ program: { constants } }, random) => constants.length > 0 && exchange(anyOf(random, constants).parts, random),
  'part of another'({ program: { constants } }, random) {
    if (constants.length > 0) anyOf(random, constants).parts[0] = random.pick<Loose>(constants).parts[0];
  },
  dims({ program: { values, symbols } }, random) {
    const value = random.pick<Loose>(values);
    const dim = random.pick([
      1,
      2,
      [[1, random.pick([...Object.keys(symbols), 'tokens'])]],
      [[near(1, random), ...Object.keys(symbols)], [near(0, random)]],
    ]);
    value.dims ??= [...value.shape];
    value.dims[random.below(value.dims.length)] = dim;
  },
  'dims of another'({ program: { values } }, random) {
    const { dims } = random.pick<Loose>(values);
    if (dims) random.pick<Loose>(values).dims = structuredClone(dims);
  },
  'no dims': ({ program: { values } }, random) => void delete random.pick<Loose>(values).dims,
  bounds({ program: { symbols } }, random) {
    const name = random.pick([...Object.keys(symbols), random.pick(NAMES)]);
    const [low, high] = symbols[name] ?? [1, 4];
    symbols[name] = random.pick([
      [near(low, random), high],
      [low, near(high, random)],
      [low, 2 ** 24 - 1],
      [1, high],
    ]);
  },
  'no symbol'({ program: { symbols } }, random) {
    if (Object.keys(symbols).length > 0) delete symbols[random.pick(Object.keys(symbols))];
  },
  'symbolic word'({ program: { words, symbols }, code }, random) {
    const word = random.pick<Loose>([...words, {}]);
    if (word.word === undefined) words.push(word);
    word.word = near(word.word ?? random.below(code.length), random);
    word.dim ??= [[1, random.pick([...Object.keys(symbols), 'tokens'])]];
  },
  port({ program: { inputs, outputs, hostValues, values } }, random) {
    anyOf(random, inputs, outputs, hostValues).value = random.below(values.length + 1);
  },
  'order of ports': ({ program }, random) =>
    exchange(program[random.pick(['inputs', 'outputs', 'hostValues', 'values', 'constants', 'paths'])], random),
  'drop port': ({ program }, random) => void program[random.pick(['inputs', 'outputs', 'hostValues', 'words'])].splice(random.below(4), 1),
  'double port'({ program }, random) {
    const list = program[random.pick(['inputs', 'outputs', 'hostValues'])];
    if (list.length > 0) list.push(structuredClone(random.pick(list)));
  },
  name: ({ program: { inputs, outputs } }, random) => put(anyOf(random, inputs, outputs), 'name', random.pick(NAMES)),
  hostValues({ program: { hostValues, values } }, random) {
    if (hostValues.length === 0)
      return void hostValues.push({
        value: random.below(values.length),
        rule: random.pick(Object.keys(HOST_RULES)),
        grid: [1, 5],
        masked: random.chance(0.5),
      });
    const one = random.pick<Loose>(hostValues);
    const changes: (() => void)[] = [
      () => put(one, 'rule', random.pick(Object.keys(HOST_RULES))),
      () => put(one, 'masked', !one.masked),
      () => put(one, 'grid', random.chance(0.5) ? [...one.grid].reverse() : [near(1, random), near(5, random)]),
      () => put(one, 'input', random.pick(NAMES)),
      () => put(one, 'fill', near(0, random)),
    ];
    random.pick(changes)();
  },
  arena: ({ program }, random) => put(program, 'arena', Math.max(0, near(program.arena, random))),
  structure: ({ program }) => put(program, 'structure', program.structure === 'tensor' ? 'tuple' : 'tensor'),
  tensor({ tensors }, random) {
    const name = random.pick([...tensors.keys()].filter((each) => each !== CODE));
    tensors.set(name, otherTensor(tensors.get(name) as Tensor, random));
  },
  weight: (parts, random) =>
    retold(
      parts,
      random,
      [...parts.tensors.keys()].filter((name) => !name.startsWith('trace.')),
    ),
  golden: (parts, random) => retold(parts, random, namesOf(parts, 'trace.golden.in.')),
  'tensor of another'({ tensors }, random) {
    const names = [...tensors.keys()].filter((each) => each !== CODE);
    tensors.set(random.pick(names), tensors.get(random.pick(names)) as Tensor);
  },
  'no tensor': ({ tensors }, random) => void tensors.delete(random.pick([...tensors.keys()])),
  renamed({ tensors }, random) {
    const name = random.pick([...tensors.keys()]);
    tensors.set(random.chance(0.5) ? random.pick([...tensors.keys()]) : random.pick(NAMES), tensors.get(name) as Tensor);
  },
  alias({ tensors, aliases }, random) {
    aliases[random.pick([...tensors.keys(), ...NAMES])] = random.pick([...tensors.keys(), ...NAMES]);
  },
  'wrong hash': ({ tensors, hashes }, random) => put(hashes, random.pick([...tensors.keys()]), '0'.repeat(64)),
  'metadata of another': ({ metadata }, random) =>
    put(metadata, random.pick(['format', 'version', 'x']), random.pick(['tracelet', '1', '2', '3', ''])),
};

const INERT: Record<string, (parts: Parts, random: Random) => void> = {
  path: ({ program: { paths } }, random) => put(paths, random.below(paths.length), random.pick(NAMES)),
  'golden output': (parts, random) => retold(parts, random, namesOf(parts, GOLDEN_OUT)),
  'more metadata': ({ metadata }, random) => put(metadata, `x${random.below(9)}`, random.pick(NAMES)),
  'another file': ({ tensors }, random) =>
    void tensors.set(`${FILES}x${random.below(9)}`, new Tensor('uint8', [2], [random.below(256), 0])),
  'more room': ({ program }, random) => put(program, 'arena', program.arena + 64 * random.between(1, 9)),
};

/** What may be done to a trace that was taken apart, by name. */
export const PROGRAMS: Readonly<Record<string, ProgramMutator>> = Object.fromEntries([
  ...Object.entries(CHANGES).map(([name, change]) => [name, { change }] as const),
  ...Object.entries(INERT).map(([name, change]) => [name, { change, inert: true }] as const),
]);
