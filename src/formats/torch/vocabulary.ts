import { describe } from '../../base/json.ts';
import type { Fault } from './fault.ts';
import { kindOf, List, type Named, type Vocabulary } from './machine.ts';
import { type AnyDType, bytesOfElement, Region, type Storage, Strided } from './storage.ts';

/** Classes of storages in `torch`, by what they hold. */
const STORAGES: Readonly<Record<string, AnyDType>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'I16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
  ComplexFloatStorage: 'C64',
};

/** Things of `torch` that stand beside weights and say nothing here. */
const DTYPES = ['float64', 'float32', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool', 'complex64'];

class StorageType implements Named {
  readonly name: string;
  readonly dtype: AnyDType;

  constructor(name: string, dtype: AnyDType) {
    this.name = `torch.${name}`;
    this.dtype = dtype;
  }
}

type Call = Required<Named>['call'];

/** What a view says of its elements follows gradients and hooks. */
function rebuild([region, offset, shape, strides, , , view]: readonly unknown[], fault: Fault): Strided {
  if (!(region instanceof Region)) throw fault('a storage', kindOf(region));
  if (view instanceof Map && view.get('neg') === true) throw fault('elements as they are stored', 'a view that stands for their opposites');
  return new Strided(region, offset, shape, strides, fault);
}

/** A parameter is its tensor; whether it wants gradients does not matter. */
function rebuildParameter([tensor]: readonly unknown[], fault: Fault): Strided {
  if (tensor instanceof Strided) return tensor;
  throw fault('a tensor', kindOf(tensor));
}

/** What makes tensors, by its name in `torch._utils`. */
const REBUILDS: Readonly<Record<string, Call>> = {
  _rebuild_tensor: rebuild,
  _rebuild_tensor_v2: rebuild,
  _rebuild_parameter: rebuildParameter,
  _rebuild_parameter_with_state: rebuildParameter,
};

/** A tensor of a class, with a state that does not matter. */
function rebuildFromType([callee, , args]: readonly unknown[], fault: Fault): unknown {
  const call = callee instanceof Object && rebuilders.has(callee) && (callee as Named).call;
  if (!call || !Array.isArray(args)) throw fault('what makes a tensor, and its arguments', `${kindOf(callee)} and ${kindOf(args)}`);
  return call(args, fault);
}

function size([dims]: readonly unknown[], fault: Fault): unknown {
  if (Array.isArray(dims)) return dims;
  throw fault('a tuple of sizes', kindOf(dims));
}

/** Python 2 gives the entries of a dict with the call, as a list of lists. The dict takes them over: many of one list are no more than that. */
function dict([entries, ...others]: readonly unknown[], fault: Fault): unknown {
  const map = new Map<unknown, unknown>();
  if (entries === undefined) return map;
  if (!(entries instanceof List) || others.length > 0) throw fault('a list of entries, or nothing', kindOf(entries));
  for (const entry of entries.items.splice(0)) {
    const pair = entry instanceof List ? entry.items : entry;
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') throw fault('a text and a value', kindOf(entry));
    map.set(pair[0], pair[1]);
  }
  return map;
}

const called = (module: string, calls: Readonly<Record<string, Call>>): [string, Named][] =>
  Object.entries(calls).map(([name, call]) => [`${module} ${name}`, { name: `${module}.${name}`, call }]);

const named = (module: string, names: readonly string[]): [string, Named][] =>
  names.map((name) => [`${module} ${name}`, { name: `${module}.${name}` }]);

const REBUILDERS = called('torch._utils', REBUILDS);
const rebuilders = new Set<object>(REBUILDERS.map(([, value]) => value));

/** All that the pickle of a state dict may name, as `module name`. */
const NAMES: ReadonlyMap<string, Named> = new Map<string, Named>([
  ...REBUILDERS,
  ...Object.entries(STORAGES).map(([name, dtype]): [string, Named] => [`torch ${name}`, new StorageType(name, dtype)]),
  ...called('torch._tensor', { _rebuild_from_type_v2: rebuildFromType }),
  ...called('torch.nn.parameter', { Parameter: rebuildParameter }),
  ...called('torch', { Size: size, device: () => null }),
  ...called('collections', { OrderedDict: dict }),
  ...named('torch', [...DTYPES, 'Tensor']),
]);

/** The storage of a key, which holds as many elements of a dtype. */
export type FindStorage = (key: string, dtype: AnyDType, length: number, fault: Fault) => Storage;

/** The names and objects of a pickle of tensors. */
export function vocabularyOf(find: FindStorage): Vocabulary {
  return {
    known: 'names of what a state_dict is made of',
    cure: 'Nothing else that a file names is made or run here. In Python, save the weights alone: torch.save(model.state_dict(), path)',
    find: (module, name) => NAMES.get(`${module} ${name}`),
    persistent: (id, fault) => regionOf(id, find, fault),
    build: (object, state) => object instanceof Map && state instanceof Map && [...state.keys()].every((key) => key === '_metadata'),
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** What `('storage', type, key, device, length)` stands for; old files have a view `(key, offset, length)` of it, or None, behind that. */
function regionOf(id: unknown, find: FindStorage, fault: Fault): Region {
  const [kind, type, key, , length, view = null] = Array.isArray(id) ? id : [];
  if (kind !== 'storage' || !(type instanceof StorageType) || typeof key !== 'string' || !isCount(length))
    throw fault('the id of a storage: its type, key, device and length', Array.isArray(id) ? `(${id.map(kindOf).join(', ')})` : kindOf(id));
  if (length * bytesOfElement(type.dtype) > Number.MAX_SAFE_INTEGER) throw fault('a storage of a sensible length', `${length}`);
  const storage = find(key, type.dtype, length, fault);
  if (view === null) return new Region(storage, 0, length);
  const [, offset, part] = Array.isArray(view) ? view : [];
  if (!isCount(offset) || !isCount(part) || offset + part > length)
    throw fault(`a view of the ${length} elements of storage ${describe(key)}`, `${offset} and ${part}`);
  return new Region(storage, offset, part);
}
