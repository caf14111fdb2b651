import { NUMBER } from '../base/options.ts';
import { uniform } from '../base/random.ts';
import { FLAG } from '../base/schema.ts';
import { named, optional, readArguments, WHOLE, WHOLES } from '../tensor/arguments.ts';
import { Parameter } from '../tensor/parameter.ts';
import type { Shape, Tensor } from '../tensor/tensor.ts';
import * as F from './functional.ts';
import { Module } from './module.ts';

let made = 0;

/** What the fresh values of a layer follow from: the seed given, or how many layers were made before it. */
const SEED = { seed: named(WHOLE) };
const seedOf = (seed: number | undefined): number => seed ?? made++;

/** Sizes are proved by the parameters made of them. */
const SIZED = { expected: 'a size', read: (value: unknown) => (typeof value === 'number' ? value : undefined) };

interface LinearOptions {
  bias?: boolean;
  seed?: number;
}

const LINEAR = { in_features: SIZED, out_features: SIZED, bias: optional(FLAG), ...SEED };

/** x [..., in] to [..., out], as `torch.nn.Linear`. Fresh values are uniform in ±1/√in and follow from `seed`; layers without one differ. */
export class Linear extends Module {
  weight: Parameter;
  bias: Parameter | null;

  constructor(in_features: number, out_features: number, bias?: boolean | LinearOptions, options?: LinearOptions);
  constructor(...given: unknown[]) {
    super();
    const [inputs, outputs, bias = true, given_seed] = readArguments('nn.Linear', given, LINEAR) as [number, number, boolean?, number?];
    const seed = seedOf(given_seed);
    const reach = 1 / Math.sqrt(inputs);
    const fresh = (name: string) => (values: Float32Array) => uniform(values, -reach, reach, seed, name);
    this.weight = new Parameter([outputs, inputs], fresh('weight'));
    this.bias = bias ? new Parameter([outputs], fresh('bias')) : null;
  }

  forward(x: Tensor): Tensor<'float32'> {
    return F.linear(x, this.weight, this.bias);
  }

  override extra_repr(): string {
    const [outputs, inputs] = this.weight.shape;
    return `in_features=${inputs}, out_features=${outputs}, bias=${this.bias !== null}`;
  }
}

interface EmbeddingOptions {
  padding_idx?: number | null;
  seed?: number;
}

const EMBEDDING = { num_embeddings: SIZED, embedding_dim: SIZED, padding_idx: optional(WHOLE), ...SEED };

/** Ids [...], whole numbers, to [..., embedding_dim], as `torch.nn.Embedding`. */
export class Embedding extends Module {
  weight: Parameter;
  padding_idx: number | null;

  constructor(num_embeddings: number, embedding_dim: number, padding_idx?: number | null | EmbeddingOptions, options?: EmbeddingOptions);
  constructor(...given: unknown[]) {
    super();
    const [count, width, padding_idx = null, given_seed] = readArguments('nn.Embedding', given, EMBEDDING) as [
      number,
      number,
      number?,
      number?,
    ];
    const seed = seedOf(given_seed);
    this.padding_idx = padding_idx !== null && padding_idx < 0 ? padding_idx + count : padding_idx;
    this.weight = new Parameter([count, width], (values) => uniform(values, -1, 1, seed, 'embedding'));
  }

  forward(ids: Tensor): Tensor<'float32'> {
    return F.embedding(ids, this.weight);
  }

  override extra_repr(): string {
    return [...this.weight.shape, ...(this.padding_idx === null ? [] : [`padding_idx=${this.padding_idx}`])].join(', ');
  }
}

interface LayerNormOptions {
  eps?: number;
  elementwise_affine?: boolean;
  bias?: boolean;
}

const LAYER_NORM = {
  normalized_shape: { ...WHOLES, read: sizes },
  eps: optional(NUMBER),
  elementwise_affine: optional(FLAG),
  bias: optional(FLAG),
};

function sizes(value: unknown): Shape | undefined {
  const given = [value].flat();
  return given.length > 0 && given.every((size) => typeof size === 'number') ? given : undefined;
}

/** As `torch.nn.LayerNorm` over the last dimensions, those of `normalized_shape`. */
export class LayerNorm extends Module {
  weight: Parameter | null;
  bias: Parameter | null;
  readonly normalized_shape: Shape;
  readonly eps: number;

  constructor(normalized_shape: number | Shape, eps?: number | LayerNormOptions, elementwise_affine?: boolean, bias?: boolean);
  constructor(...given: unknown[]) {
    super();
    const [shape, eps = 1e-5, affine = true, bias = true] = readArguments('nn.LayerNorm', given, LAYER_NORM) as [
      Shape,
      number?,
      boolean?,
      boolean?,
    ];
    const parameter = (value: number) => new Parameter(shape, (values) => values.fill(value));
    this.normalized_shape = shape;
    this.eps = eps;
    this.weight = affine ? parameter(1) : null;
    this.bias = affine && bias ? parameter(0) : null;
  }

  forward(x: Tensor): Tensor<'float32'> {
    return F.layer_norm(x, this.normalized_shape, this.weight, this.bias, this.eps);
  }

  override extra_repr(): string {
    return `[${this.normalized_shape}], eps=${this.eps}, elementwise_affine=${this.weight !== null}`;
  }
}

interface RMSNormOptions {
  eps?: number;
  elementwise_affine?: boolean;
}

const { bias: _, ...RMS_NORM } = LAYER_NORM;

/** As `torch.nn.RMSNorm` over the last dimensions, those of `normalized_shape`. */
export class RMSNorm extends Module {
  weight: Parameter | null;
  readonly normalized_shape: Shape;
  readonly eps: number | undefined;

  constructor(normalized_shape: number | Shape, eps?: number | RMSNormOptions, elementwise_affine?: boolean);
  constructor(...given: unknown[]) {
    super();
    const [shape, eps, affine = true] = readArguments('nn.RMSNorm', given, RMS_NORM) as [Shape, number?, boolean?];
    this.normalized_shape = shape;
    this.eps = eps;
    this.weight = affine ? new Parameter(shape, (values) => values.fill(1)) : null;
  }

  forward(x: Tensor): Tensor<'float32'> {
    return F.rms_norm(x, this.normalized_shape, this.weight, this.eps);
  }

  override extra_repr(): string {
    return `[${this.normalized_shape}], eps=${this.eps ?? 'None'}, elementwise_affine=${this.weight !== null}`;
  }
}
