import { TraceletError } from '../base/error.ts';
import { describe, isObject, readJson } from '../base/json.ts';
import { FORWARD, type Version } from '../formats/trace.ts';
import { HOST_RULES, type Rule } from '../graph/hostvalues.ts';
import { type Bounds, type Dim, isInterval, MOST_SYMBOLS, parseDim } from '../tensor/dim.ts';
import { DTYPES } from '../tensor/dtype.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { isMethodName } from './methods.ts';
import { type HostValueInfo, type Port, type Program, TOKENS, type ValueInfo } from './program.ts';
import { fromVersion2 } from './version2.ts';

/** Throws a `format` error that says which part of a trace is not what it has to be. */
export function expect(holds: boolean, what: string, expected: string, got: string | (() => string)): asserts holds {
  if (holds) return;
  const cure = 'The trace is damaged: make it again';
  throw new TraceletError('format', { what: `trace: ${what}`, expected, got: typeof got === 'string' ? got : got(), cure });
}

/** The JSON form of everything in a program, and in those of other methods on its constants, but their code, as the newest version of the format has it. */
export function writeProgram(program: Program, methods: ReadonlyMap<string, Program> = new Map()): string {
  const constants = program.constants.map(({ dtype, shape, layout, parts }) => ({ dtype, shape, layout, parts }));
  const others = Array.from(methods, ([name, method]) => ({ name, ...written(method) }));
  return JSON.stringify({ ...written(program, constants), methods: others.length > 0 ? others : undefined });
}

const written = (
  { ops, values, symbols, inputs, hostValues, outputs, paths, arena, structure, words }: Program,
  constants?: Program['constants'],
) => ({
  ops,
  values: values.map(({ dtype, shape, dims, place }) => ({ dtype, shape, dims, place })),
  constants,
  symbols,
  inputs: inputs.map(writePort),
  hostValues: hostValues.map(({ value, rule, grid, masked, fill, input }) => ({ value, rule, grid, masked, fill, input })),
  outputs: outputs.map(writePort),
  paths,
  arena,
  structure,
  words: words.map(({ word, dim }) => ({ word, dim })),
});

const writePort = ({ name, value }: Port): Port => ({ name, value });

/** What brings a program from the words of each version of the format into those of the newest. */
const READERS: Readonly<Record<Version, (written: Record<string, unknown>) => Record<string, unknown>>> = {
  '2': fromVersion2,
  '3': (written) => written,
  '4': (written) => written,
};
/** Most methods beside `forward`: as many as a model may have by hand, and few enough to look at each for each tensor. */
const MOST_METHODS = 1000;
/** The first version with methods beside `forward`. */
const METHODS_SINCE = 4;

/** A program, and those of other methods on the same constants. */
export interface Programs {
  program: Program;
  methods: Map<string, Program>;
}

/** Gives the code of a method. */
type CodeOf = (method: string) => Int32Array;

/** Reads the JSON form of everything in programs but their code, as a version of the format has it. Throws `format` errors. */
export function readProgram(json: string, codeOf: CodeOf, version: Version): Programs {
  const code = codeOf(FORWARD);
  const written = readJson(json, 'trace: program');
  expect(isObject(written), 'program', 'an object', describe(written));
  const raw = READERS[version](written);
  const constants = constantsOf(raw.constants);
  const program = programOf(raw, code, constants);
  if (Number(version) < METHODS_SINCE) return { program, methods: new Map() };
  const { methods } = raw;
  const fits = Array.isArray(methods) && methods.length > 0 && methods.length <= MOST_METHODS;
  expect(fits, 'methods', `1 to ${MOST_METHODS}`, describe(methods));
  const named = methods.map((method, i): [string, Program] => {
    expect(isObject(method) && isMethodName(method.name), `methods[${i}]`, 'a name and a program', () => describe(method?.name ?? method));
    return [method.name, programOf(method, codeOf(method.name), constants)];
  });
  const byName = new Map(named);
  expect(byName.size === named.length, 'methods', 'names that differ', () => named.map(([name]) => name).join(', '));
  return { program, methods: byName };
}

function constantsOf(raw: unknown): Program['constants'] {
  expect(Array.isArray(raw), 'constants', 'a list', describe(raw));
  return raw.map((item, i) => {
    const what = `constants[${i}]`;
    expect(isObject(item), what, 'an object', describe(item));
    const { layout, parts } = item;
    expect(layout === 'plain' || layout === 'panels', `${what}.layout`, 'plain or panels', describe(layout));
    expect(Array.isArray(parts) && parts.length > 0, `${what}.parts`, 'at least one tensor name', describe(parts));
    return { ...typedOf(item, what), layout, parts: parts.map((part) => textOf(part, `${what}.parts`)) };
  });
}

function programOf(raw: Record<string, unknown>, code: Int32Array, constants: Program['constants']): Program {
  const list = (name: string): unknown[] => {
    const items = raw[name];
    expect(Array.isArray(items), name, 'a list', describe(items));
    return items;
  };
  const texts = (name: string): string[] => list(name).map((item, i) => textOf(item, `${name}[${i}]`));
  const ports = (name: string) =>
    list(name).map((item, i) => {
      expect(isObject(item), `${name}[${i}]`, 'a name and a value', describe(item));
      return { name: textOf(item.name, `${name}[${i}].name`), value: wholeOf(item.value, `${name}[${i}].value`) };
    });
  const { structure } = raw;
  expect(structure === 'tensor' || structure === 'tuple', 'structure', 'tensor or tuple', describe(structure));
  const symbols = boundsOf(raw.symbols);
  const names = [...Object.keys(symbols), TOKENS];
  const dimsOf = (item: unknown, what: string): Dim[] => {
    expect(Array.isArray(item), what, 'a list of dimensions', describe(item));
    return item.map((dim) => parseDim(dim, names, what));
  };
  return {
    ops: texts('ops'),
    values: list('values').map((item, i) => {
      const what = `values[${i}]`;
      const typed = typedOf(item, what);
      const { dims } = item as Record<string, unknown>;
      return { ...typed, ...(dims === undefined ? {} : { dims: dimsOf(dims, what) }), place: placeOf(item, what) };
    }),
    constants,
    symbols,
    inputs: ports('inputs'),
    hostValues: list('hostValues').map((item, i) => hostValueOf(item, `hostValues[${i}]`, dimsOf)),
    outputs: ports('outputs'),
    paths: texts('paths'),
    arena: wholeOf(raw.arena, 'arena'),
    structure,
    code,
    words: list('words').map((item, i) => {
      const what = `words[${i}]`;
      expect(isObject(item), what, 'a word and a dimension', describe(item));
      return { word: wholeOf(item.word, what), dim: parseDim(item.dim, names, what) };
    }),
  };
}

function boundsOf(raw: unknown): Bounds {
  expect(isObject(raw), 'symbols', 'an object', describe(raw));
  const entries = Object.entries(raw);
  expect(entries.length <= MOST_SYMBOLS, 'symbols', `at most ${MOST_SYMBOLS}`, `${entries.length}`);
  for (const [symbol, ends] of entries) {
    expect(isInterval(ends) && symbol !== TOKENS, `symbols: ${symbol}`, 'the least and the largest size', describe(ends));
  }
  return raw as Bounds;
}

function hostValueOf(item: unknown, what: string, dimsOf: (item: unknown, what: string) => Dim[]): HostValueInfo {
  expect(isObject(item), what, 'an object', describe(item));
  const { rule, masked, fill, input } = item;
  expect(
    typeof rule === 'string' && Object.hasOwn(HOST_RULES, rule),
    `${what}.rule`,
    `one of ${Object.keys(HOST_RULES).join(', ')}`,
    describe(rule),
  );
  expect(typeof masked === 'boolean', `${what}.masked`, 'true or false', describe(masked));
  return {
    value: wholeOf(item.value, `${what}.value`),
    rule: rule as Rule,
    grid: dimsOf(item.grid, `${what}.grid`),
    masked,
    ...(fill === undefined ? {} : { fill: wholeOf(fill, `${what}.fill`) }),
    ...(input === undefined ? {} : { input: textOf(input, `${what}.input`) }),
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
