import { TraceletError } from '../../base/error.ts';
import * as F from '../../nn/functional.ts';
import * as nn from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { SentenceConfig } from '../../sentence/config.ts';
import { DENSE_ACTIVATIONS, type Feature, type LaterType, type PoolingMode, type SentenceModule } from '../../sentence/modules.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** The modules that follow the encoder, as `sentence_transformers.models` has them. */

/** Which tokens of texts there are, and which of them pooling takes. */
export interface Masks {
  attention: Tensor | null | undefined;
  pooling: Tensor | null | undefined;
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
export abstract class Part extends Module<[Tensor, Masks], Tensor> {
  abstract readonly wiring: Wiring;
}

const POOLS: Readonly<Record<PoolingMode, (x: Tensor, mask: Masks['pooling'], origin: Masks['attention']) => Tensor>> = {
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

  forward(x: Tensor, { pooling, attention }: Masks): Tensor {
    return F.cat(
      this.modes.map((mode) => POOLS[mode](x, pooling, attention)),
      1,
    );
  }
}

class Dense extends Part {
  linear: nn.Linear;
  residual: nn.Linear | null;
  readonly activation: string | undefined;
  readonly use_residual: boolean;
  readonly wiring: Wiring;

  constructor(module: SentenceModule<'Dense'>) {
    super();
    const { in_features, out_features, bias, activation_function, use_residual, module_input_name, module_output_name } = module;
    this.linear = new nn.Linear(in_features, out_features, { bias });
    this.residual = use_residual && in_features !== out_features ? new nn.Linear(in_features, out_features, { bias: false }) : null;
    this.activation = DENSE_ACTIVATIONS[activation_function];
    this.use_residual = use_residual;
    this.wiring = { input: module_input_name, takes: in_features, output: module_output_name, width: out_features };
  }

  forward(x: Tensor): Tensor {
    const projected = this.linear(x);
    const out = this.activation ? F.activation(this.activation, projected) : projected;
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

type Behind = Exclude<SentenceModule, { type: 'Transformer' | LaterType }>;
/** What makes the part of a module. */
export type PartClass = new (module: never, widths: Widths) => Part;
const PARTS = { Pooling, Dense, LayerNorm, Normalize, Dropout } as const satisfies Record<Behind['type'], unknown>;

/** The modules of a folder behind one that makes what is so wide. Throws `config` errors for those that do not fit one another. */
export function makeParts({ modules }: SentenceConfig, first: Widths, more: Readonly<Record<string, PartClass>> = {}): Part[] {
  const parts: Readonly<Record<string, PartClass>> = { ...PARTS, ...more };
  const widths = { ...first };
  return modules.slice(1).map((module, i) => {
    const part = new parts[module.type](module as never, widths);
    const { input, takes, output, width } = part.wiring;
    const given = widths[input];
    if (given === undefined || (takes !== undefined && takes !== given))
      throw new TraceletError('config', {
        what: `module ${i + 1} of modules.json, ${module.type}`,
        expected: given === undefined ? `a module before it that makes a ${input}` : `a ${input} of ${given} numbers`,
        got: given === undefined ? 'none' : `${takes} in its config`,
      });
    widths[output] = width;
    return part;
  });
}
