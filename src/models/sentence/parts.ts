import { TraceletError } from '../../base/error.ts';
import { MAX_SIZE } from '../../base/schema.ts';
import * as F from '../../nn/functional.ts';
import * as nn from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { SentenceConfig } from '../../sentence/config.ts';
import type { Feature, LaterType, PoolingMode, SentenceModule } from '../../sentence/modules.ts';
import { tensor } from '../../tensor/creation.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { ACTIVATION_NAMES, activationOf } from './activations.ts';

/** The modules that follow the encoder, as `sentence_transformers.models` has them. */

/** Which tokens of texts there are, which of them pooling takes, and what each layer made of them where the configuration asks for that. */
export interface Beside {
  attention: Tensor | null | undefined;
  pooling: Tensor | null | undefined;
  layers?: readonly Tensor[];
}

/** What a module reads and writes, how wide its config says that the former is, and how wide the latter is. */
export interface Wiring {
  input: Feature;
  takes?: number;
  output: Feature;
  width: number;
}

export type Widths = Partial<Record<Feature, number>>;

/** A module of a folder behind its encoder. */
export abstract class Part extends Module<[Tensor, Beside], Tensor> {
  abstract readonly wiring: Wiring;
}

const refused = (what: string, expected: string, got: string): TraceletError => new TraceletError('config', { what, expected, got });

const POOLS: Readonly<Record<PoolingMode, (x: Tensor, mask: Beside['pooling'], origin: Beside['attention']) => Tensor>> = {
  cls: (x, mask) => F.first_pool(x, mask),
  max: (x, mask) => F.max_pool(x, mask),
  mean: (x, mask) => F.mean_pool(x, mask),
  mean_sqrt_len_tokens: (x, mask) => F.mean_sqrt_pool(x, mask),
  weightedmean: F.weighted_mean_pool,
  lasttoken: (x, mask) => F.last_pool(x, mask),
};

class Pooling extends Part {
  readonly modes: readonly PoolingMode[];
  readonly wiring: Wiring;

  constructor({ pooling_mode, embedding_dimension }: SentenceModule<'Pooling'>) {
    super();
    this.modes = pooling_mode;
    this.wiring = {
      input: 'token_embeddings',
      takes: embedding_dimension,
      output: 'sentence_embedding',
      width: pooling_mode.length * embedding_dimension,
    };
  }

  forward(x: Tensor, { pooling, attention }: Beside): Tensor {
    return F.cat(
      this.modes.map((mode) => POOLS[mode](x, pooling, attention)),
      1,
    );
  }
}

/** The mean of what layers made of each token, by a weight for each layer; what the last made where the configuration asks for no others. */
class WeightedLayerPooling extends Part {
  layer_weights: Parameter;
  readonly path: string;
  readonly start: number;
  readonly wiring: Wiring;

  constructor({ path, embedding_dimension, num_hidden_layers, layer_start }: SentenceModule<'WeightedLayerPooling'>) {
    super();
    if (layer_start > num_hidden_layers)
      throw refused(`layer_start of ${path}`, `at most num_hidden_layers ${num_hidden_layers}`, `${layer_start}`);
    this.layer_weights = new Parameter([num_hidden_layers + 1 - layer_start], (values) => values.fill(1));
    this.path = path;
    this.start = layer_start;
    this.wiring = { input: 'token_embeddings', takes: embedding_dimension, output: 'token_embeddings', width: embedding_dimension };
  }

  forward(x: Tensor, { layers }: Beside): Tensor {
    if (!layers) return x;
    const { layer_weights: weights, start } = this;
    if (layers.length - start !== weights.size)
      throw refused(`num_hidden_layers of ${this.path}`, `${layers.length - 1}, as the encoder has`, `${weights.size + start - 1}`);
    const weighed = layers.slice(start).map((layer, i) => F.mul(layer, F.gather(weights, 0, tensor([i]))));
    const sum = weighed.reduce((one, other) => F.add(one, other));
    return F.mul(sum, F.reciprocal(F.sum(weights)));
  }
}

class Dense extends Part {
  linear: nn.Linear;
  residual: nn.Linear | null;
  activation_function: (x: Tensor) => Tensor;
  readonly use_residual: boolean;
  readonly wiring: Wiring;

  constructor(module: SentenceModule<'Dense'>) {
    super();
    const { path, in_features, out_features, bias, activation_function, use_residual, module_input_name, module_output_name } = module;
    if (in_features * out_features > MAX_SIZE)
      throw refused(`in_features x out_features of ${path}`, `at most ${MAX_SIZE} elements`, `${in_features} x ${out_features}`);
    this.linear = new nn.Linear(in_features, out_features, { bias });
    this.residual = use_residual && in_features !== out_features ? new nn.Linear(in_features, out_features, { bias: false }) : null;
    const activation = activationOf(activation_function);
    if (!activation) throw refused(`activation_function of ${path}`, `one of torch.nn ${ACTIVATION_NAMES.join(', ')}`, activation_function);
    this.activation_function = activation;
    this.use_residual = use_residual;
    this.wiring = { input: module_input_name, takes: in_features, output: module_output_name, width: out_features };
  }

  forward(x: Tensor): Tensor {
    const out = this.activation_function(this.linear(x));
    return this.use_residual ? F.add(out, this.residual?.(x) ?? x) : out;
  }
}

class LayerNorm extends Part {
  norm: nn.LayerNorm;
  readonly wiring: Wiring;

  constructor({ dimension }: SentenceModule<'LayerNorm'>) {
    super();
    this.norm = new nn.LayerNorm(dimension);
    this.wiring = { input: 'sentence_embedding', takes: dimension, output: 'sentence_embedding', width: dimension };
  }

  forward(x: Tensor): Tensor {
    return this.norm(x);
  }
}

class Normalize extends Part {
  readonly wiring: Wiring;

  constructor({ module_input_name, module_output_name }: SentenceModule<'Normalize'>, widths: Widths) {
    super();
    this.wiring = { input: module_input_name, output: module_output_name, width: widths[module_input_name] ?? 0 };
  }

  forward(x: Tensor): Tensor {
    return F.normalize(x, 2, -1);
  }
}

class Dropout extends Part {
  readonly wiring: Wiring;

  constructor(_: SentenceModule<'Dropout'>, widths: Widths) {
    super();
    this.wiring = { input: 'sentence_embedding', output: 'sentence_embedding', width: widths.sentence_embedding ?? 0 };
  }

  forward(x: Tensor): Tensor {
    return x;
  }
}

type Behind = Exclude<SentenceModule, { type: 'Transformer' | 'StaticEmbedding' | LaterType }>;
/** What makes the part of a module. */
export type PartClass = new (module: never, widths: Widths) => Part;
const PARTS = { Pooling, WeightedLayerPooling, Dense, LayerNorm, Normalize, Dropout } as const satisfies Record<Behind['type'], unknown>;

/** The modules of a folder behind one that makes what is so wide. Throws `config` errors for those that do not fit one another. */
export function makeParts({ modules }: SentenceConfig, first: Widths, more: Readonly<Record<string, PartClass>> = {}): Part[] {
  const parts: Readonly<Record<string, PartClass>> = { ...PARTS, ...more };
  const widths = { ...first };
  return modules.slice(1).map((module, i) => {
    const part = new parts[module.type](module as never, widths);
    const { input, takes, output, width } = part.wiring;
    const given = widths[input];
    if (given === undefined || (takes !== undefined && takes !== given))
      throw refused(
        `module ${i + 1} of modules.json, ${module.type}`,
        given === undefined ? `a module before it that makes a ${input}` : `a ${input} of ${given} numbers`,
        given === undefined ? 'none' : `${takes} in its config`,
      );
    widths[output] = width;
    return part;
  });
}
