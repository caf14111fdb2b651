import type { DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/tensor.ts';
import type { Node } from './node.ts';

/** A number that Python holds as a float. Its ints are numbers here, and 2⁶³ - 1, which says "to the end", is the float next to it. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** What a program calls a tuple; its lists are arrays. */
export class Tuple {
  readonly items: readonly Argument[];

  constructor(items: readonly Argument[]) {
    this.items = items;
  }
}

/** What ops take and give. Dtypes are PyTorch's numbers of them, devices and layouts whatever they are. */
export type Argument = number | Float | boolean | string | null | AtenTensor | Tuple | readonly Argument[];

/** Where a call stands in a program. */
export interface Site {
  readonly file: string;
  readonly line: number;
  /** Dotted name of the module that makes it, '' for the outermost. */
  readonly path: string;
  /** The module of that name, under which ops are listed. */
  readonly module?: object;
}

/** A tensor of a program. Ops that write in place change what it holds. */
export class AtenTensor {
  /** What it holds now. */
  node: Node;

  constructor(node: Node) {
    this.node = node;
  }

  get shape(): Shape {
    return this.node.shape;
  }

  get dtype(): DType {
    return this.node.dtype;
  }
}
