import { TraceletError } from '../base/error.ts';
import type { Strided } from '../formats/torch/storage.ts';
import { type RawTensor, TensorMaker } from '../formats/torch/tensors.ts';
import { Module } from '../nn/module.ts';
import { type DType, isForeign, type TypedArray } from '../tensor/dtype.ts';
import { TO_FLOAT32 } from '../tensor/float.ts';
import { isHalf } from '../tensor/half.ts';
import { Parameter } from '../tensor/parameter.ts';
import { type Shape, Tensor } from '../tensor/tensor.ts';

/** A tensor of an archive: a parameter, or numbers that the program has. */
export interface Stored {
  readonly tensor: Tensor;
  /** In the archive. */
  readonly dtype: DType;
}

/** A part of a program, which the whole runs. */
export class ScriptPart extends Module<never[], never> {
  forward(): never {
    throw new TraceletError('unsupported', {
      what: 'a part of a program of PyTorch',
      expected: 'a call of the whole',
      got: 'one of a part',
      cure: 'Call the module that jit.open_script answers',
    });
  }
}

/** Names that a field of a module cannot have here. */
const TAKEN = ['forward', 'call_', 'children', 'named_modules', 'named_parameters', 'constructor'];

/** Makes `value` the field `name` of a module. `path` is its name in messages. */
export function define(part: object, name: string, value: unknown, path: string): void {
  if (TAKEN.includes(name))
    throw new TraceletError('unsupported', { what: path, expected: 'parts with other names than methods of modules', got: name });
  Object.defineProperty(part, name, { value, enumerable: true, configurable: true, writable: true });
}

const FLOATS: readonly string[] = ['float32', 'float64', 'float16', 'bfloat16'] satisfies DType[];

/** Whether a tensor can be a parameter. */
export const isWeight = (dtype: string, shape: Shape): boolean =>
  FLOATS.includes(dtype) && shape.length > 0 && shape.every((size) => size > 0);

/** Makes tensors of what an archive stores. Parameters of the same elements have one array. */
export class StoredTensors {
  readonly #name: string;
  readonly #maker: TensorMaker;
  readonly #floats = new Map<RawTensor, Float32Array>();

  /** @param name the archive in messages */
  constructor(name: string) {
    this.#name = name;
    this.#maker = new TensorMaker(name);
  }

  /** Its elements in order. Throws `format` and `memory` errors. */
  raw(strided: Strided, name: string): RawTensor {
    return this.#maker.make(strided, name);
  }

  plain(raw: RawTensor, name: string): Stored {
    const { dtype, elements } = this.#known(raw, name);
    return { tensor: new Tensor(dtype, raw.shape, elements), dtype };
  }

  parameter(raw: RawTensor, name: string): Stored {
    const { dtype, elements } = this.#known(raw, name);
    const floats = this.#floats.get(raw) ?? widened(dtype, elements);
    this.#floats.set(raw, floats);
    const parameter = new Parameter(raw.shape, () => {});
    parameter.adopt(floats, isHalf(dtype) ? dtype : 'float32');
    return { tensor: parameter, dtype };
  }

  #known({ dtype, elements }: RawTensor, name: string): { dtype: DType; elements: TypedArray } {
    if (!isForeign(dtype) && elements) return { dtype, elements };
    throw new TraceletError('unsupported', {
      what: `${name} of ${this.#name}`,
      expected: 'numbers that are computed with here',
      got: dtype,
    });
  }
}

function widened(dtype: DType, elements: TypedArray): Float32Array {
  const widen = TO_FLOAT32[dtype];
  if (!widen || dtype === 'float32') return elements as Float32Array;
  const floats = new Float32Array(elements.length);
  widen(elements, floats);
  return floats;
}
