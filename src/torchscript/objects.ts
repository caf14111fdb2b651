import { Float, Tuple } from '../aten/values.ts';
import { TraceletError } from '../base/error.ts';
import type { Archive } from '../formats/torch/archive.ts';
import type { Fault } from '../formats/torch/fault.ts';
import { kindOf, List, type Named, type Vocabulary } from '../formats/torch/machine.ts';
import { unpickle } from '../formats/torch/pickle.ts';
import { Strided } from '../formats/torch/storage.ts';
import { type FindStorage, vocabularyOf } from '../formats/torch/vocabulary.ts';
import { ScriptObject, type Value } from './values.ts';

const CLASSES = '__torch__';
const PICKLED = 'torch.jit._pickle';

/** What the writer marks values with, of which the value alone matters. */
const MARKS: Readonly<Record<string, Named>> = Object.fromEntries(
  ['restore_type_tag', 'build_intlist', 'build_doublelist', 'build_boollist', 'build_tensorlist'].map((name) => [
    name,
    { name: `${PICKLED}.${name}`, call: ([value]: readonly unknown[]) => value },
  ]),
);

const isClassName = (module: string): boolean => module === CLASSES || module.startsWith(`${CLASSES}.`);

function objectOf(name: string): Named {
  return {
    name,
    call(args: readonly unknown[], fault: Fault): unknown {
      if (args.length > 0) throw fault(`an object of ${name} that its state makes`, `${args.length} arguments`);
      return new ScriptObject(name);
    },
  };
}

/** Objects take dicts of their attributes. Code that sets a state otherwise is not run. */
function build(object: unknown, state: unknown): boolean {
  if (!(object instanceof ScriptObject)) return false;
  if (!(state instanceof Map))
    throw new TraceletError('unsupported', {
      what: `an object of ${object.name}`,
      expected: 'a dict of its attributes',
      got: `${kindOf(state)}, which a method __setstate__ takes`,
      cure: 'Quantise the trace here instead: quantize(traced)',
    });
  for (const [name, value] of state) object.attributes.set(String(name), value);
  return true;
}

/** The names and objects of the pickles of an archive of code. */
function scriptVocabulary(find: FindStorage): Vocabulary {
  const tensors = vocabularyOf(find);
  return {
    ...tensors,
    known: 'names of tensors, and of classes of the archive',
    cure: 'Nothing else that a file names is made or run here',
    float: (value) => new Float(value),
    build: (object, state) => build(object, state) || tensors.build(object, state),
    find(module, name) {
      if (isClassName(module)) return objectOf(`${module}.${name}`);
      if (module === PICKLED) return Object.hasOwn(MARKS, name) ? MARKS[name] : undefined;
      return tensors.find(module, name);
    },
  };
}

/** The object in a pickle of an archive; undefined where there is no such record. Throws `format` and `unsupported` errors. */
export function readObject(archive: Archive, record: string, find: FindStorage): unknown {
  if (archive.sizeOf(record) === undefined) return undefined;
  return unpickle(archive.read(record, { checked: true }), 0, scriptVocabulary(find), `${record} of ${archive.name}`).value;
}

const DEEPEST = 1000;

/** Makes what was pickled values of a program: what is one object stays one. */
export class Values {
  readonly #tensor: (stored: Strided) => Value;
  readonly #made = new Map<unknown, Value>();

  constructor(tensor: (stored: Strided) => Value) {
    this.#tensor = tensor;
  }

  of(raw: unknown, depth = 0): Value {
    if (typeof raw === 'bigint') return Number(raw);
    if (!(raw instanceof Object) || raw instanceof ScriptObject || raw instanceof Float) return raw as Value;
    const known = this.#made.get(raw);
    if (known !== undefined) return known;
    if (depth > DEEPEST)
      throw new TraceletError('format', { what: 'a value of the archive', expected: `at most ${DEEPEST} deep`, got: 'deeper' });
    const made = this.#make(raw, (each) => this.of(each, depth + 1));
    this.#made.set(raw, made);
    return made;
  }

  #make(raw: object, inner: (each: unknown) => Value): Value {
    if (raw instanceof Strided) return this.#tensor(raw);
    if (raw instanceof List) return raw.items.map(inner);
    if (Array.isArray(raw)) return new Tuple(raw.map(inner) as Tuple['items']);
    if (raw instanceof Map) return new Map([...raw].map(([key, value]) => [inner(key), inner(value)]));
    return raw as Value;
  }
}
