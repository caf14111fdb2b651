import { TraceletError } from '../base/error.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Argument, AtenTensor, type Float, type Site } from './values.ts';

/** One forward pass of a program at given sizes: its ops are called one by one, and what is wanted of their results is lowered to ops of `F`. */
export class Aten {
  /** The input `name` of the trace. `dtype` is that of the program, where it differs from that of `tensor`: int64 for ids. */
  input(_name: string, tensor: Tensor, dtype: DType = tensor.dtype): AtenTensor {
    return new AtenTensor({ shape: tensor.shape, dtype });
  }

  /** A parameter, buffer or constant of the program: a Parameter stays one under its name, others are numbers that are known. */
  stored(tensor: Tensor, dtype: DType = tensor.dtype): AtenTensor {
    return new AtenTensor({ shape: tensor.shape, dtype });
  }

  /** What the op `name` makes: "add", "linear", "add.Tensor", with or without "aten::". Throws `op`, `tracing`, `shape` and `dtype` errors that name `site`. */
  call(name: string, _positional: readonly Argument[], _named: ReadonlyMap<string, Argument>, site: Site): Argument {
    throw new TraceletError('op', { what: `${name} in ${site.file}, line ${site.line}` });
  }

  /** The number that `value` [] or [1] is. Throws a `tracing` error where it follows from elements of inputs. */
  number(_value: AtenTensor, site: Site): number | Float | boolean {
    throw new TraceletError('tracing', { what: `a number in ${site.file}, line ${site.line}` });
  }

  /** `value` as a tensor that ops of `F` make. Throws `op` and `tracing` errors. */
  lower(value: AtenTensor): Tensor {
    throw new TraceletError('op', { what: `a tensor of shape [${value.shape}]` });
  }
}
