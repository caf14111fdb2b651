import type { DType } from '../tensor/dtype.ts';
import { stridesOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { callOp, located, type Named, numberIn } from './calls.ts';
import { isFloating } from './dtypes.ts';
import { begin, type Form } from './knowledge.ts';
import { Lowering } from './lowering.ts';
import type { Leaf } from './node.ts';
import { bitsOf } from './rules/masks.ts';
import { knownNumbers, knownWeight } from './stored.ts';
import { type Argument, AtenTensor, type Float, type Site } from './values.ts';

/**
 * One forward pass of a program at given sizes. Its ops are called one by one; what is wanted of their results is lowered to ops of `F`, those that
 * belong together as one.
 */
export class Aten {
  readonly #inputs: Leaf[] = [];
  readonly #lowering: Lowering;

  /** @param formulates whether constants are made by formulas that hold at any size, where there are some */
  constructor(formulates = false) {
    this.#lowering = new Lowering(this.#inputs, formulates);
    begin(formulates);
  }

  /** The input `name` of the pass. `dtype` is that of the program, where it differs from that of `tensor`: int64 for ids. */
  input(name: string, tensor: Tensor, dtype: DType = tensor.dtype): AtenTensor {
    const { shape } = tensor;
    const leaf: Leaf & { known?: Form } = { kind: 'input', name, tensor, dtype, shape };
    if (!isFloating(dtype)) leaf.known = bitsOf(leaf, stridesOf(shape));
    this.#inputs.push(leaf);
    return new AtenTensor(leaf);
  }

  /** A parameter, buffer or constant of the program. Floats of some dimensions stay the tensors that they are, others are numbers that are known. */
  stored(tensor: Tensor, dtype: DType = tensor.dtype): AtenTensor {
    const { shape } = tensor;
    if (isFloating(dtype) && shape.length > 0) return new AtenTensor({ kind: 'stored', tensor, dtype, shape, known: knownWeight(tensor) });
    return new AtenTensor({ kind: 'constant', dtype, shape, known: knownNumbers(tensor) });
  }

  /**
   * What the op `name` makes of arguments in the order of its schema, and by name: "add" or "add.Tensor", with or without "aten::"; "add_" writes in
   * place. Throws `op`, `tracing`, `shape`, `dtype` and `value` errors that name `site`.
   */
  call(name: string, positional: readonly Argument[], named: Named, site: Site): Argument {
    const op = name.replace(/^.*::/, '').replace(/\.\w+$/, '');
    return located(op, site, () => callOp(op, positional, named, site));
  }

  /** The number that a tensor of one element holds. Throws a `tracing` error where it follows from elements of inputs. */
  number(value: AtenTensor, site: Site): number | Float | boolean {
    return located('item', site, () => numberIn(value));
  }

  /** `value` as a tensor that ops of `F` make. Throws `op` and `tracing` errors that say where in the program it is made. */
  lower(value: AtenTensor): Tensor {
    return this.#lowering.lower(value.node);
  }
}
