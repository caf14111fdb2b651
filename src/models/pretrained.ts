import { type Checkpoint, type CheckpointSource, openCheckpoint, readCheckpoint } from '../checkpoint.ts';
import { BertConfig, type BertConfigOptions } from '../config.ts';
import type { DType } from '../dtype.ts';
import { TraceletError } from '../error.ts';
import { TextDecoder } from '../globals.ts';
import { parseObject } from '../json.ts';
import { Embedding, Linear } from '../nn/layers.ts';
import { Module } from '../nn/module.ts';
import { normal } from '../random.ts';
import { isUrl } from '../realm.ts';
import { type Folder, type SourceOptions, splitOptions, textOf } from '../sources/folder.ts';
import { placeOf } from '../sources/place.ts';
import type { Tensor } from '../tensor.ts';
import { FILES, FORMAT } from '../trace/file.ts';
import { nameInputs, toInt32 } from '../trace/inputs.ts';
import type { ModelOutput } from '../trace/outputs.ts';
import { assignWeights } from './weights.ts';

/**
 * Whole-number tensors [batch, sequence] by position; those left out take their defaults. An attention_mask may be float32
 * as well, of zeros and ones.
 */
export type ModelInputs = [
  input_ids: Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>,
  token_type_ids?: Tensor | null,
  attention_mask?: Tensor | null,
  position_ids?: Tensor | null,
];

/** Options of `from_pretrained`; fields of the config among them amend it. */
export interface PreTrainedOptions extends SourceOptions, BertConfigOptions {
  /** Instead of the config.json beside the checkpoint; needed for raw bytes. */
  config?: BertConfig;
  /** Seed of the weights that are not in the checkpoint, with `strict: false`. */
  seed?: number;
  /** Whether a tensor missing from the checkpoint is an error; true unless given. */
  strict?: boolean;
}

/** The text of a file that lies beside a checkpoint, or travels in the trace that it is. */
export type ReadBeside = (name: string) => Promise<string | undefined>;

/** What {@link PreTrainedModel.from_pretrained} needs of a class. */
export interface ModelClass<M extends PreTrainedModel> {
  new (config: BertConfig, options?: { seed?: number }): M;
  options_beside(read: ReadBeside): Promise<object>;
}

/** A model with a config and weights by the names that transformers gives them. As `transformers.PreTrainedModel`. */
export abstract class PreTrainedModel extends Module<ModelInputs, ModelOutput> {
  /** Inputs in the order in which they are taken by position. */
  static readonly INPUTS: readonly string[] = ['input_ids', 'token_type_ids', 'attention_mask', 'position_ids'];
  readonly config: BertConfig;

  constructor(config: BertConfig) {
    super();
    this.config = config;
  }

  /**
   * A model in evaluation mode with the weights of a checkpoint: a directory, address or hub id with config.json, a .safetensors or
   * .tracelet file, or bytes with { config }. Options that are fields of the config amend it.
   */
  static async from_pretrained<M extends PreTrainedModel>(
    this: ModelClass<M>,
    source: CheckpointSource,
    options: PreTrainedOptions = {},
  ): Promise<M> {
    const [reading, { config: given, seed, strict, ...overrides }] = splitOptions(options);
    reading.signal?.throwIfAborted();
    const place = typeof source === 'string' || isUrl(source) ? await placeOf(source, reading) : undefined;
    const checkpoint = await (place ? readCheckpoint(place, reading) : openCheckpoint(source, reading));
    const read = filesBeside(place?.folder, checkpoint);
    const config = given ?? (await configOf(place?.folder, checkpoint.name, read, overrides));
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    const model = new this(config, { seed, ...(await this.options_beside(read)) });
    assignWeights(model, checkpoint, { strict: strict ?? true });
    return model;
  }

  /** Options of the constructor that files beside the checkpoint decide. */
  static async options_beside(_read: ReadBeside): Promise<object> {
    return {};
  }

  get input_names(): readonly string[] {
    return PreTrainedModel.INPUTS;
  }

  /** The dtype in which inputs reach `forward`. */
  get input_dtype(): DType {
    return 'int32';
  }

  /** Files that belong into a trace of this model. */
  trace_files(): Record<string, string> {
    return { 'config.json': this.config.to_json_string() };
  }

  override call_(...args: ModelInputs): ModelOutput {
    const what = this.constructor.name;
    const named = nameInputs(args, this.input_names, what);
    if (!named.input_ids)
      throw new TraceletError('value', { what: `${what}: input_ids`, expected: 'a tensor of token ids', got: 'nothing' });
    const whole = this.input_names.map((name) => (named[name] ? toInt32(named[name], name, `${what}: ${name}`) : undefined));
    return super.call_(...(whole as ModelInputs));
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

function filesBeside(folder: Folder | undefined, { tensors, metadata }: Checkpoint): ReadBeside {
  if (metadata.format === FORMAT)
    return async (name) => {
      const file = tensors.get(FILES + name);
      return file && new TextDecoder().decode(file.data as Uint8Array);
    };
  return async (name) => folder && textOf(folder, name);
}

async function configOf(folder: Folder | undefined, name: string, read: ReadBeside, overrides: BertConfigOptions): Promise<BertConfig> {
  const text = await read('config.json');
  const what = `config.json of ${name}`;
  if (text !== undefined) return BertConfig.from_dict(parseObject(text, what), overrides, what);
  if (folder)
    throw new TraceletError('source', { what, expected: folder.at('config.json'), got: 'none', cure: folder.cure ?? 'Pass { config }' });
  throw new TraceletError('config', {
    what: 'from_pretrained without a path',
    expected: '{ config }',
    got: 'none',
    cure: 'Pass a BertConfig',
  });
}
