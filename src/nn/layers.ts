import * as F from '../functional.ts';
import { Parameter } from '../parameter.ts';
import { uniform } from '../random.ts';
import type { Tensor } from '../tensor.ts';
import { type AnyModule, Module } from './module.ts';

let made = 0;

/** What the fresh values of a layer follow from: the seed given, or how many layers were made before it. */
const seedOf = ({ seed }: { seed?: number }): number => seed ?? made++;

/** x [..., in] to [..., out], as `torch.nn.Linear`. Fresh values are uniform in ±1/√in and follow from `seed`; layers without one differ. */
export class Linear extends Module {
  weight: Parameter;
  bias: Parameter | null;

  constructor(in_features: number, out_features: number, options: { bias?: boolean; seed?: number } = {}) {
    super();
    const seed = seedOf(options);
    const reach = 1 / Math.sqrt(in_features);
    const fresh = (name: string) => (values: Float32Array) => uniform(values, -reach, reach, seed, name);
    this.weight = new Parameter([out_features, in_features], fresh('weight'));
    this.bias = options.bias === false ? null : new Parameter([out_features], fresh('bias'));
  }

  forward(x: Tensor): Tensor {
    return F.linear(x, this.weight, this.bias);
  }
}

/** int32 ids [...] to [..., embedding_dim], as `torch.nn.Embedding`. */
export class Embedding extends Module {
  weight: Parameter;
  readonly padding_idx: number | null;

  constructor(num_embeddings: number, embedding_dim: number, options: { padding_idx?: number | null; seed?: number } = {}) {
    super();
    const seed = seedOf(options);
    this.padding_idx = options.padding_idx ?? null;
    this.weight = new Parameter([num_embeddings, embedding_dim], (values) => uniform(values, -1, 1, seed, 'embedding'));
  }

  forward(ids: Tensor): Tensor {
    return F.embedding(ids, this.weight);
  }
}

/** As `torch.nn.LayerNorm` over the last dimension. */
export class LayerNorm extends Module {
  weight: Parameter;
  bias: Parameter;
  readonly eps: number;

  constructor(hidden: number, options: { eps?: number } = {}) {
    super();
    this.eps = options.eps ?? 1e-5;
    this.weight = new Parameter([hidden], (values) => values.fill(1));
    this.bias = new Parameter([hidden], (values) => values.fill(0));
  }

  forward(x: Tensor): Tensor {
    return F.layer_norm(x, this.weight, this.bias, this.eps);
  }
}

/** As `torch.nn.Dropout` in evaluation mode: the identity. It keeps ported models' part names. */
export class Dropout extends Module {
  readonly p: number;

  constructor(p = 0.5) {
    super();
    this.p = p;
  }

  forward(x: Tensor): Tensor {
    return x;
  }
}

/** Parts named by number, as `torch.nn.ModuleList`. */
export class ModuleList<M extends AnyModule> extends Module<[], never> {
  readonly items: readonly M[];

  constructor(items: readonly M[]) {
    super();
    this.items = items;
  }

  override children(): [string, AnyModule][] {
    return this.items.map((item, i) => [String(i), item]);
  }

  *[Symbol.iterator](): Iterator<M> {
    yield* this.items;
  }

  forward(): never {
    throw new TypeError('a ModuleList has no forward: call its items');
  }
}
