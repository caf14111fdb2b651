import { decodeUtf8 } from '../base/decode.ts';
import { describe, isObject, type JsonObject, parseJson } from '../base/json.ts';
import type { Archive } from '../formats/torch/archive.ts';
import { type Fault, faultOf } from '../formats/torch/fault.ts';
import { bytesOfElement, Region, type Storage, Strided } from '../formats/torch/storage.ts';
import type { DType } from '../tensor/dtype.ts';
import type { FunctionCode } from './code/syntax.ts';
import type { Program } from './program.ts';
import { ScriptObject } from './values.ts';

/** The record that archives of PyTorch up to 1.3 have in the place of pickles. */
export const MODEL = 'model.json';

const DTYPES: Readonly<Record<string, DType>> = {
  FLOAT: 'float32',
  DOUBLE: 'float64',
  FLOAT16: 'float16',
  BFLOAT16: 'bfloat16',
  INT64: 'int64',
  INT32: 'int32',
  INT8: 'int8',
  UINT8: 'uint8',
  BOOL: 'bool',
};

const DEEPEST = 200;

/** Reads the module tree of model.json. Its numbers are strings, and what is 0 or empty is left out. */
export function readModel(archive: Archive, program: Program): { root: ScriptObject; constants: Strided[]; baked: true } {
  const what = `${MODEL} of ${archive.name}`;
  const fault = faultOf(what);
  const text = decodeUtf8(archive.read(MODEL, { checked: true }));
  const json = text === undefined ? undefined : parseJson(text, what);
  const main = isObject(json) ? (json as JsonObject).mainModule : undefined;
  if (!isObject(main)) throw fault('an object with a mainModule', 'something else');
  const storages = new Map<string, Storage>();
  const tensors = list(json as JsonObject, 'tensors', fault).map((tensor) => tensorOf(tensor, archive, storages, fault));
  const root = new Reader(program, tensors, fault).module(main as JsonObject, 'main', 0);
  return { root, constants: tensors, baked: true };
}

function list(json: JsonObject, key: string, fault: Fault): JsonObject[] {
  const value = json[key] ?? [];
  if (Array.isArray(value) && value.every((item) => isObject(item))) return value as JsonObject[];
  throw fault(`a list of objects called ${key}`, describe(value));
}

function count(value: unknown, fault: Fault): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : (value ?? 0);
  if (Number.isSafeInteger(number) && (number as number) >= 0) return number as number;
  throw fault('a whole number', describe(value));
}

function counts(value: unknown, fault: Fault): number[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw fault('a list of whole numbers', describe(value));
  return value.map((each) => count(each, fault));
}

function tensorOf(json: JsonObject, archive: Archive, storages: Map<string, Storage>, fault: Fault): Strided {
  const { dataType, data } = json;
  const dtype = typeof dataType === 'string' && Object.hasOwn(DTYPES, dataType) ? DTYPES[dataType] : undefined;
  if (dtype === undefined) throw fault(`a dataType of ${Object.keys(DTYPES).join(', ')}`, describe(dataType));
  const key = isObject(data) ? (data as JsonObject).key : undefined;
  const size = typeof key === 'string' ? archive.sizeOf(key) : undefined;
  if (typeof key !== 'string' || size === undefined) throw fault('a tensor whose data are a record', describe(key));
  const length = size / bytesOfElement(dtype);
  if (!Number.isInteger(length)) throw fault(`whole elements of ${dtype} in ${describe(key)}`, `${size} bytes`);
  const storage = storages.get(`${dtype} ${key}`) ?? { key, dtype, length, read: () => archive.read(key, { checked: true }) };
  storages.set(`${dtype} ${key}`, storage);
  const [shape, strides] = [counts(json.dims, fault), counts(json.strides, fault)];
  return new Strided(new Region(storage, 0, length), count(json.offset, fault), shape, strides, fault);
}

/** Makes objects of modules, whose classes are made of what is said of them. */
class Reader {
  readonly #program: Program;
  readonly #tensors: readonly Strided[];
  readonly #fault: Fault;

  constructor(program: Program, tensors: readonly Strided[], fault: Fault) {
    this.#program = program;
    this.#tensors = tensors;
    this.#fault = fault;
  }

  module(json: JsonObject, path: string, depth: number): ScriptObject {
    if (depth > DEEPEST) throw this.#fault(`modules at most ${DEEPEST} deep`, 'deeper ones');
    const object = new ScriptObject(path);
    const parameters = list(json, 'parameters', this.#fault);
    for (const parameter of parameters) {
      const tensor = this.#tensors[count(parameter.tensorId, this.#fault)];
      if (!tensor) throw this.#fault(`one of ${this.#tensors.length} tensors`, describe(parameter.tensorId));
      object.attributes.set(this.#name(parameter), tensor);
    }
    for (const child of list(json, 'submodules', this.#fault)) {
      const name = this.#name(child);
      object.attributes.set(name, this.module(child, `${path}.${name}`, depth + 1));
    }
    const names = parameters.filter(({ isBuffer }) => isBuffer !== true).map((parameter) => this.#name(parameter));
    const { file, methods } = this.#methods(json);
    const lists = new Map([['__parameters__', names]]);
    this.#program.define(path, { name: path, file, base: 'Module', methods, fields: [], lists, line: 0 });
    return object;
  }

  #name(json: JsonObject): string {
    if (typeof json.name === 'string' && json.name !== '') return json.name;
    throw this.#fault('a name', describe(json.name));
  }

  #methods({ torchscriptArena }: JsonObject): { file: string; methods: ReadonlyMap<string, FunctionCode> } {
    const key = isObject(torchscriptArena) ? (torchscriptArena as JsonObject).key : undefined;
    if (typeof key !== 'string') return { file: MODEL, methods: new Map() };
    const file = this.#program.file(key);
    if (!file) throw this.#fault('a record of code', describe(key));
    return { file: key, methods: file.functions };
  }
}
