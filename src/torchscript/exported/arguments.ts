import { type Argument, Float } from '../../aten/values.ts';
import { describe } from '../../base/json.ts';
import type { Fault } from '../../formats/torch/fault.ts';
import type { Value } from '../values.ts';
import { CONTIGUOUS, dtypeNumber, Json, STRIDED } from './schema.ts';

/** What the values of a program are called, and what they are. */
export interface Variables {
  get(name: string): Value;
}

type Reader = (value: unknown, variables: Variables, fault: Fault) => Value;

function named(value: unknown, variables: Variables, fault: Fault): Value {
  return variables.get(new Json(value, fault).text('name'));
}

/** Numbers beyond those of JSON are written as texts. */
function float(value: unknown, fault: Fault): Float {
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number') return new Float(number);
  throw fault('a number', describe(value));
}

function scalar<T>(type: string): (value: unknown, fault: Fault) => T {
  return (value, fault) => {
    if (typeof value === type) return value as T;
    throw fault(`a ${type}`, describe(value));
  };
}

const int = scalar<number>('number');
const bool = scalar<boolean>('boolean');
const text = scalar<string>('string');

const each =
  (read: Reader): Reader =>
  (value, variables, fault) => {
    if (!Array.isArray(value)) throw fault('a list', describe(value));
    return value.map((item) => read(item, variables, fault));
  };

const constant =
  (read: (value: unknown, fault: Fault) => Argument): Reader =>
  (value, _, fault) =>
    read(value, fault);

/** A number that may be the name of one. */
const symbol: Reader = (value, variables, fault) => {
  const [kind, inner] = new Json(value, fault).union();
  if (kind === 'as_name') return variables.get(text(inner, fault));
  if (kind === 'as_int') return int(inner, fault);
  if (kind === 'as_float') return float(inner, fault);
  if (kind === 'as_bool') return bool(inner, fault);
  throw fault('a number or the name of one', kind);
};

/** What a program gives to an op, by its kind. */
const READERS: Readonly<Record<string, Reader>> = {
  as_none: () => null,
  as_tensor: named,
  as_tensors: each(named),
  as_nested_tensors: each(each(named)),
  as_optional_tensor: (value, variables, fault) => readArgument(new Json(value, fault), variables),
  as_optional_tensors: each((value, variables, fault) => readArgument(new Json(value, fault), variables)),
  as_int: constant(int),
  as_ints: each(constant(int)),
  as_int_lists: each(each(constant(int))),
  as_float: constant(float),
  as_floats: each(constant(float)),
  as_bool: constant(bool),
  as_bools: each(constant(bool)),
  as_string: constant(text),
  as_strings: each(constant(text)),
  as_sym_int: symbol,
  as_sym_ints: each(symbol),
  as_sym_float: symbol,
  as_sym_floats: each(symbol),
  as_sym_bool: symbol,
  as_sym_bools: each(symbol),
  as_scalar_type: constant(dtypeNumber),
  as_layout: constant(() => STRIDED),
  as_memory_format: constant(() => CONTIGUOUS),
  as_device: constant((value, fault) => new Json(value, fault).text('type')),
};

/** An argument of an op. Throws a `format` error for one of a kind that is not known. */
export function readArgument(json: Json, variables: Variables): Value {
  const [kind, value] = json.union();
  if (!Object.hasOwn(READERS, kind)) throw json.fault('an argument of a known kind', kind);
  return READERS[kind](value, variables, json.fault);
}
