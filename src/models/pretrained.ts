import { TraceletError } from '../base/error.ts';
import type { JsonObject } from '../base/json.ts';
import { onDemand } from '../base/ondemand.ts';
import { checkOptions, proved } from '../base/options.ts';
import { normal } from '../base/random.ts';
import { type Kind, kind } from '../base/schema.ts';
import type { Checkpoint, CheckpointSource } from '../formats/checkpoint.ts';
import { addOps } from '../kernels/sets.ts';
import { nameInputs, toInt32 } from '../nn/inputs.ts';
import { Embedding, Linear } from '../nn/layers.ts';
import { Module } from '../nn/module.ts';
import type { ModelOutput } from '../nn/outputs.ts';
import type { SourceOptions } from '../sources/folder.ts';
import type { SaveOptions } from '../sources/saving.ts';
import { readArguments } from '../tensor/arguments.ts';
import type { DType } from '../tensor/dtype.ts';
import { sameShape, type Tensor } from '../tensor/tensor.ts';
import { type Amendments, CONFIG, type ConfigClass, describing, type PreTrainedConfig, travelling } from './config.ts';
import type { Family } from './family.ts';
import { checkWeights } from './fields.ts';
import type { WantedName as Wanted } from './foreign.ts';
import { ENCODER_INPUTS, withoutTypes } from './inputs.ts';
import { RESIZE, type ResizeOptions, SEED } from './resizing.ts';
import { ownWeights, saveInto } from './saving.ts';
import { decoderOf, moreWordsOf, resizeVocabulary, tieWeights, wordsOf } from './vocabulary.ts';

/**
 * Whole-number tensors [batch, sequence] by position, in the order of `input_names`; those left out take their defaults. An attention_mask may be
 * float32 as well, of zeros and ones.
 */
export type ModelInputs = [
  input_ids: Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>,
  ...others: (Tensor | null | undefined)[],
];

/** Options of `from_pretrained`; fields of the config among them amend it. */
export interface PreTrainedOptions extends SourceOptions, Amendments<PreTrainedConfig> {
  /** Instead of the config.json beside the checkpoint; needed for raw bytes. */
  config?: PreTrainedConfig;
  /**
   * In which dtype weights are kept: as the checkpoint has them unless given ('auto'). Each is rounded once, to the nearest, where it is narrower; all is
   * computed in float32 from the rounded numbers. Traces of the model keep weights of products and lookups so, in memory and in the file.
   */
  dtype?: Wanted;
  /** The same, by its old name. */
  torch_dtype?: Wanted;
  /** Seed of the weights that are not in the checkpoint, with `strict: false`. */
  seed?: number;
  /** Whether a tensor missing from the checkpoint is an error, and one too many a warning; true unless given. */
  strict?: boolean;
}

/** A module with fresh values of its own. */
interface SelfMade {
  init_weights?(std: number, seed: number, path: string): void;
}

type Taken = [input_ids: Tensor, ...others: (Tensor | undefined)[]];

/** The files that lie beside a checkpoint, or travel in the trace that it is; undefined where there is none of a name. */
export interface Beside {
  bytes(name: string): Promise<Uint8Array | undefined>;
  text(name: string): Promise<string | undefined>;
}

/** What {@link PreTrainedModel.from_pretrained} needs of a class. */
export interface ModelClass<M extends PreTrainedModel, Options = object> {
  // biome-ignore lint/suspicious/noExplicitAny: a configuration of its family
  new (config: any, options?: Options): M;
  /** Absent where it takes models of any family. */
  readonly family?: Family;
  readonly OPTIONS: Readonly<Record<string, Kind<unknown>>>;
  config_class(dict: Readonly<JsonObject>, what: string): Promise<ConfigClass>;
  encoder_path(beside: Beside): Promise<string>;
  options_beside(beside: Beside, config: PreTrainedConfig, checkpoint?: Checkpoint): Promise<object>;
}

const EMBEDDING = kind<Embedding>('an nn.Embedding', (value) => value instanceof Embedding);

/** A model with a config and weights by the names that transformers gives them. As `transformers.PreTrainedModel`. */
export abstract class PreTrainedModel extends Module<ModelInputs, ModelOutput> {
  /** What it has in common with other classes; a class that takes models of any family has none. */
  static readonly family?: Family;
  /** What it has on top of the base model of its family, such as `ForMaskedLM`; `Model` for nothing. */
  static readonly head?: string;
  /** What each option of the constructor may be, by name. */
  static readonly OPTIONS: Readonly<Record<string, Kind<unknown>>> = { seed: SEED };
  readonly config: PreTrainedConfig;

  /** Throws `value` errors for what is no config, and for options that the class does not know, `config` errors for more weights than memory holds. */
  constructor(config: PreTrainedConfig, options: object = {}) {
    super();
    const Model = new.target as unknown as ModelClass<PreTrainedModel>;
    if (Model.family?.ops) addOps(Model.family.ops);
    this.config = proveConfig(config, Model);
    const { name, schema } = this.config.constructor as unknown as ConfigClass & { name: string };
    checkWeights(schema, this.config, name);
    checkOptions(`new ${new.target.name}`, options, Model.OPTIONS);
  }

  /**
   * A model in evaluation mode with the weights of a checkpoint: a directory, address or hub id with config.json, a .safetensors,
   * .bin or .tracelet file, or bytes with { config }. Options that are fields of the config amend it; those of the constructor reach it. Throws `value`
   * errors for others.
   */
  static async from_pretrained<M extends PreTrainedModel, Options extends object>(
    this: ModelClass<M, Options>,
    source: CheckpointSource,
    options: PreTrainedOptions & Amendments<M['config']> & Options = {} as PreTrainedOptions & Amendments<M['config']> & Options,
  ): Promise<M> {
    const { loadPretrained } = await onDemand('what loads models', () => import('./load.ts'));
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    return loadPretrained(this, source, options);
  }

  /** The class of the configuration that a config.json describes. */
  static async config_class(_dict: Readonly<JsonObject>, _what: string): Promise<ConfigClass> {
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    return (this.family as Family).Config;
  }

  /** The path of the encoder's config and weights in the folder of a model. */
  static async encoder_path(_beside: Beside): Promise<string> {
    return '';
  }

  /** Options of the constructor that files beside the checkpoint decide; tensors of it that are called otherwise get the names of the model's. */
  static async options_beside(_beside: Beside, _config: PreTrainedConfig, _checkpoint?: Checkpoint): Promise<object> {
    return {};
  }

  /** Paths of folders that hold weights of parts of the model, by what the names of these begin with. */
  folders_beside(): Readonly<Record<string, string>> {
    return {};
  }

  /** What it has in common with other models of its `model_type`. */
  get family(): Family {
    return (this.constructor as unknown as { family: Family }).family;
  }

  get input_names(): readonly string[] {
    const { inputs } = this.family;
    return this.config.add_cross_attention ? [...inputs, ...ENCODER_INPUTS] : inputs;
  }

  /** Those among them that may be floats. */
  get float_inputs(): readonly string[] {
    return this.config.add_cross_attention ? [ENCODER_INPUTS[0]] : (this.family.floats ?? []);
  }

  /** The dtype in which all others reach `forward`. */
  get input_dtype(): DType {
    return 'int32';
  }

  /** Whether answers depend on tokens that the attention_mask rules out, so that a trace has to compute these too. */
  get exact_padding(): boolean {
    return false;
  }

  /** Files that belong into a trace of this model. */
  trace_files(): Record<string, string> {
    return { 'config.json': travelling(this.config) };
  }

  override call_(...args: ModelInputs): ModelOutput {
    return super.call_(...this.taken(args));
  }

  /** The arguments of a call without those that mean nothing to the model. */
  meant(args: readonly unknown[]): readonly unknown[] {
    return withoutTypes(args, this.family);
  }

  /** The inputs of a call by position, proved to be tensors of whole numbers, or of floats where these may be given. */
  protected taken(args: ModelInputs): Taken {
    const what = this.constructor.name;
    const named = nameInputs(this.meant(args), this.input_names, what);
    if (!named.input_ids)
      throw new TraceletError('value', { what: `${what}: input_ids`, expected: 'a tensor of token ids', got: 'nothing' });
    const asGiven = (name: string): boolean => named[name]?.dtype === 'float32' && this.float_inputs.includes(name);
    return this.input_names.map((name) =>
      asGiven(name) ? named[name] : named[name] && toInt32(named[name], name, `${what}: ${name}`),
    ) as Taken;
  }

  /** Writes model.safetensors and config.json into a directory, which is made if need be, as transformers opens them; answers their paths. */
  save_pretrained(folder: string, options?: SaveOptions): Promise<string[]> {
    const texts = { 'config.json': describing(this.config, this.constructor.name) };
    return saveInto(folder, { texts, weights: { '': ownWeights(this) } }, options);
  }

  /** The embeddings of the words, whose `weight` is [vocab_size, hidden]. */
  get_input_embeddings(): Embedding {
    return wordsOf(this).value;
  }

  /** Puts other embeddings of the same shape in their place; a decoder that shares their matrix shares the new one. Throws `value` and `shape` errors. */
  set_input_embeddings(value: Embedding): void {
    const words = wordsOf(this);
    const { shape } = proved('set_input_embeddings()', value, EMBEDDING).weight;
    if (!sameShape(shape, words.value.weight.shape))
      throw new TraceletError('shape', {
        what: 'set_input_embeddings()',
        expected: `embeddings [${words.value.weight.shape}]`,
        got: `[${shape}]`,
        cure: 'resize_token_embeddings first',
      });
    for (const each of [words, ...moreWordsOf(this)]) each.put(value);
    if (!this.config.torchscript) tieWeights(this);
  }

  /** The part whose `weight` [vocab_size, hidden] gives words their scores, or null in models that score none. */
  get_output_embeddings(): Linear | null {
    return decoderOf<Linear>(this) ?? null;
  }

  /**
   * Gives the model another number of words, and answers its embeddings: those and the decoder with its bias keep the rows that they have as far as
   * there is room, and `config` is another one with that `vocab_size`. Rows that are added are the mean of those before. (transformers draws them
   * around it, from a normal distribution with 1e-9 of their covariance, which no seed repeats elsewhere.) With `mean_resizing: false` they are
   * those of a fresh model of that size and `seed`: normal, with `initializer_range`. A decoder that follows the embeddings has their rows,
   * and zeros as bias. Without a number nothing changes. Throws `value` errors, and `config` errors for a size that does not fit the
   * configuration, before it changes anything.
   */
  resize_token_embeddings(new_num_tokens?: number | null, options?: ResizeOptions): Embedding;
  resize_token_embeddings(
    new_num_tokens?: number | null,
    pad_to_multiple_of?: number | null,
    mean_resizing?: boolean,
    options?: Pick<ResizeOptions, 'seed'>,
  ): Embedding;
  resize_token_embeddings(...given: unknown[]): Embedding {
    const [wanted, multiple, mean = true, seed = 0] = readArguments('resize_token_embeddings()', given, RESIZE) as [
      number?,
      number?,
      boolean?,
      number?,
    ];
    const words = this.get_input_embeddings();
    const least = wanted ?? words.weight.shape[0];
    resizeVocabulary(this, multiple === undefined ? least : Math.ceil(least / multiple) * multiple, { mean, seed });
    return words;
  }

  /** Pairs of parameters that share their memory unless the config says otherwise: the first follows the second. */
  tied(): [follower: string, leader: string][] {
    return [];
  }

  /** Gives fresh values their seed and ties what is tied. The last thing a model's constructor does. */
  protected post_init(seed = 0): void {
    const std = this.config.initializer_range;
    for (const [path, module] of this.named_modules()) {
      if (module instanceof Linear && module.bias) module.bias.initialise = (values) => values.fill(0);
      if (module instanceof Linear || module instanceof Embedding) {
        const blank = module instanceof Embedding ? module.padding_idx : null;
        module.weight.initialise = (values) => {
          normal(values, std, seed, `${path}.weight`);
          const hidden = module.weight.shape[1];
          if (blank !== null) values.fill(0, blank * hidden, (blank + 1) * hidden);
        };
      }
    }
    for (const [path, module] of this.named_modules()) (module as SelfMade).init_weights?.(std, seed, path);
    tieWeights(this);
  }

  protected override refuseTraining(): void {
    if (!this.config.torchscript) return;
    throw new TraceletError('training', {
      what: `${this.constructor.name} with torchscript: true`,
      expected: 'evaluation mode',
      got: 'train()',
      cure: 'Its embedding and decoder are untied, and training would de-synchronise them: train a model made without the torchscript flag',
    });
  }
}

function proveConfig(config: PreTrainedConfig, Model: ModelClass<PreTrainedModel>): PreTrainedConfig {
  const { name, family } = Model as ModelClass<PreTrainedModel> & { name: string };
  const Config = family ? family.Config.name : 'Config';
  const kindOf = family
    ? kind<PreTrainedConfig>(`a ${Config}`, (value) => CONFIG.read(value)?.model_type === family.Config.schema.model_type)
    : CONFIG;
  return proved(`new ${name}: config`, config, {
    ...kindOf,
    cure: `new ${name}(new ${Config}({ … })) has fresh weights, ${name}.from_pretrained(…) those of a checkpoint`,
  });
}
