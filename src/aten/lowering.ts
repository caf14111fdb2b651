import { TraceletError } from '../base/error.ts';
import { executor } from '../nn/executor.ts';
import { sameShape, type Tensor } from '../tensor/tensor.ts';
import { located } from './calls.ts';
import { type Plan, planOf } from './emit.ts';
import { formulated } from './formulated.ts';
import { constantTensor, shown } from './lower.ts';
import type { Constant, Leaf, Node } from './node.ts';
import type { Site } from './values.ts';

/** Makes nodes with ops of `F`, each once, and only those that are asked for or needed for these. */
export class Lowering {
  readonly #inputs: readonly Leaf[];
  readonly #formulates: boolean;
  readonly #made = new Map<Node, Tensor>();
  readonly #plans = new Map<Node, Plan>();

  /**
   * @param inputs whose tokens positions are of
   * @param formulates whether constants are made by formulas that hold at any size, where there are some
   */
  constructor(inputs: readonly Leaf[], formulates = false) {
    this.#inputs = inputs;
    this.#formulates = formulates;
  }

  /** The tensor of `asked`. Throws `op` and `tracing` errors that say where in the program it is made. */
  lower(asked: Node): Tensor {
    const waiting = [asked];
    for (let node = waiting.at(-1); node; node = waiting.at(-1)) {
      const missing = this.#made.has(node) ? [] : this.#planOf(node).of.filter((operand) => !this.#made.has(operand));
      waiting.push(...missing.reverse());
      if (missing.length > 0) continue;
      waiting.pop();
      if (!this.#made.has(node)) this.#made.set(node, this.#make(node));
    }
    return this.#made.get(asked) as Tensor;
  }

  #planOf(node: Node): Plan {
    const known = this.#plans.get(node) ?? this.#newPlan(node);
    this.#plans.set(node, known);
    return known;
  }

  #newPlan(node: Node): Plan {
    if (node.kind === 'constant') return { of: [], make: () => this.#constant(node) };
    if (node.kind === 'view') return { of: [node.base], make: (base) => shown(base, node) };
    if (node.kind === 'made') return located(node.op, node.site, () => planOf(node));
    return { of: [], make: () => node.tensor };
  }

  #constant(node: Constant): Tensor {
    return (this.#formulates ? formulated(node) : undefined) ?? constantTensor(node, this.#inputs);
  }

  #make(node: Node): Tensor {
    const { of, make } = this.#planOf(node);
    const site = siteOf(node);
    const fitting = (): Tensor => {
      const tensor = make(...of.map((operand) => this.#made.get(operand) as Tensor));
      if (sameShape(tensor.shape, node.shape)) return tensor;
      throw new TraceletError('op', { what: 'a tensor', expected: `shape [${node.shape}]`, got: `[${tensor.shape}]` });
    };
    const name = node.kind === 'made' ? node.op : node.kind;
    return located(name, site, () => (site?.module ? executor().within(site.module, fitting) : fitting()));
  }
}

function siteOf(node: Node): Site | undefined {
  if (node.kind === 'view') return siteOf(node.base);
  return node.kind === 'made' ? node.site : undefined;
}
