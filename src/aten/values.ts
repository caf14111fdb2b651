import { TraceletError } from '../base/error.ts';
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

/** How often what tensors share was written to. */
interface Memory {
  writes: number;
}

/** What a tensor holds once a view of it holds `value`; undefined where that is not known. */
export type Put = (base: Node, value: Node) => Node | undefined;

/** A tensor of a program. Ops that write in place change what it holds, what it is a view of, and what others hold that share its memory. */
export class AtenTensor {
  readonly #memory: Memory;
  readonly #of: AtenTensor | undefined;
  readonly #put: Put | undefined;
  #node: Node;
  #writes: number;

  /**
   * @param of whose memory it may share
   * @param put what that holds once this is written to
   */
  constructor(node: Node, of?: AtenTensor, put?: Put) {
    this.#node = node;
    this.#of = of;
    this.#put = put;
    this.#memory = of ? of.#memory : { writes: 0 };
    this.#writes = this.#memory.writes;
  }

  get shape(): Shape {
    return this.#node.shape;
  }

  get dtype(): DType {
    return this.#node.dtype;
  }

  /** What it holds. Throws a `tracing` error where that was written to through another tensor. */
  get node(): Node {
    if (this.#writes === this.#memory.writes) return this.#node;
    throw new TraceletError('tracing', {
      what: `a tensor of shape [${this.shape}]`,
      expected: 'memory that nobody writes to in place meanwhile',
      got: 'a write through another view of it',
      cure: 'Let the program make a new tensor: x = x.add(y) instead of x.add_(y)',
    });
  }

  /** Holds `node` from now on, and what it is a view of has it in its place; what else shares its memory holds nothing known. */
  write(node: Node): void {
    const before = this.#memory.writes++;
    this.#hold(node);
    for (let view: AtenTensor = this; view.#of && view.#put && view.#of.#writes === before; view = view.#of) {
      const whole = view.#put(view.#of.#node, view.#node);
      if (!whole) return;
      view.#of.#hold(whole);
    }
  }

  #hold(node: Node): void {
    this.#node = node;
    this.#writes = this.#memory.writes;
  }
}
