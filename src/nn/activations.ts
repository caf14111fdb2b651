import { FLAG, oneOf, PROBABILITY } from '../base/schema.ts';
import { INPLACE, optional, readArguments, TENSOR, WHOLE } from '../tensor/arguments.ts';
import type { Tensor } from '../tensor/tensor.ts';
import * as F from './functional.ts';
import { Module } from './module.ts';

/** An activation without options but `inplace`, which has to be false: ops answer a new tensor. */
abstract class Elementwise extends Module {
  constructor(inplace?: false);
  constructor(...given: unknown[]) {
    super();
    readArguments(`nn.${this.constructor.name}`, given, INPLACE);
  }
}

/** As `torch.nn.ReLU`. */
export class ReLU extends Elementwise {
  forward(x: Tensor): Tensor<'float32'> {
    return F.relu(x);
  }
}

/** As `torch.nn.SiLU`. */
export class SiLU extends Elementwise {
  forward(x: Tensor): Tensor<'float32'> {
    return F.silu(x);
  }
}

/** As `torch.nn.Tanh`. */
export class Tanh extends Elementwise {
  forward(x: Tensor): Tensor<'float32'> {
    return F.tanh(x);
  }
}

/** As `torch.nn.Sigmoid`. */
export class Sigmoid extends Elementwise {
  forward(x: Tensor): Tensor<'float32'> {
    return F.sigmoid(x);
  }
}

type Approximate = 'none' | 'tanh';

/** As `torch.nn.GELU`. */
export class GELU extends Module {
  readonly approximate: Approximate;

  constructor(approximate?: Approximate | { approximate?: Approximate });
  constructor(...given: unknown[]) {
    super();
    const [approximate = 'none'] = readArguments('nn.GELU', given, { approximate: optional(oneOf(['none', 'tanh'])) });
    this.approximate = approximate as Approximate;
  }

  forward(x: Tensor): Tensor<'float32'> {
    return F.gelu(x, this.approximate);
  }

  override extra_repr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/** As `torch.nn.Softmax`, over the last dimension unless given. */
export class Softmax extends Module {
  readonly dim: number;

  constructor(dim?: number | { dim?: number });
  constructor(...given: unknown[]) {
    super();
    const [dim = -1] = readArguments('nn.Softmax', given, { dim: optional(WHOLE) });
    this.dim = dim as number;
  }

  forward(x: Tensor): Tensor<'float32'> {
    return F.softmax(x, this.dim);
  }

  override extra_repr(): string {
    return `dim=${this.dim}`;
  }
}

/** As `torch.nn.Dropout` in evaluation mode: the identity. It keeps ported models' part names. */
export class Dropout extends Module {
  readonly p: number;

  constructor(p?: number | { p?: number; inplace?: boolean }, inplace?: boolean);
  constructor(...given: unknown[]) {
    super();
    const [p = 0.5] = readArguments('nn.Dropout', given, { p: optional(PROBABILITY), inplace: optional(FLAG) });
    this.p = p as number;
  }

  forward(x: Tensor): Tensor {
    return readArguments('nn.Dropout', [x], { input: TENSOR })[0] as Tensor;
  }

  override extra_repr(): string {
    return `p=${this.p}`;
  }
}
