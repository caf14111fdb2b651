import { TraceletError } from '../base/error.ts';
import { TextDecoder } from '../base/globals.ts';
import { isObject, parseObject } from '../base/json.ts';
import { checkOptions, type OptionTable, proved } from '../base/options.ts';
import { normal } from '../base/random.ts';
import { isUrl } from '../base/realm.ts';
import { FLAG, type Kind, kind } from '../base/schema.ts';
import { type Checkpoint, type CheckpointSource, openCheckpoint, readCheckpoint } from '../formats/checkpoint.ts';
import { FILES, FORMAT } from '../formats/trace.ts';
import { nameInputs, toInt32 } from '../nn/inputs.ts';
import { Embedding, Linear } from '../nn/layers.ts';
import { Module } from '../nn/module.ts';
import type { ModelOutput } from '../nn/outputs.ts';
import { type Folder, SOURCE_OPTIONS, type SourceOptions, splitOptions, textOf, within } from '../sources/folder.ts';
import { placeOf } from '../sources/place.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { amendmentsIn, BertConfig, type BertConfigOptions, travelling } from './config.ts';
import { CONFIG_OPTIONS } from './fields.ts';
import { cureOfForeign, FOREIGN } from './foreign.ts';
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
  /** Whether a tensor missing from the checkpoint is an error, and one too many a warning; true unless given. */
  strict?: boolean;
}

type Taken = [input_ids: Tensor, ...others: (Tensor | undefined)[]];

/** The text of a file that lies beside a checkpoint, or travels in the trace that it is. */
export type ReadBeside = (name: string) => Promise<string | undefined>;

/** What {@link PreTrainedModel.from_pretrained} needs of a class. */
export interface ModelClass<M extends PreTrainedModel, Options = object> {
  new (config: BertConfig, options?: Options): M;
  readonly OPTIONS: Readonly<Record<string, Kind<unknown>>>;
  encoder_path(read: ReadBeside): Promise<string>;
  options_beside(read: ReadBeside): Promise<object>;
}

const SEED = kind<number>('a whole number', Number.isSafeInteger);

/** A model with a config and weights by the names that transformers gives them. As `transformers.PreTrainedModel`. */
export abstract class PreTrainedModel extends Module<ModelInputs, ModelOutput> {
  /** Inputs in the order in which they are taken by position. */
  static readonly INPUTS: readonly string[] = ['input_ids', 'token_type_ids', 'attention_mask', 'position_ids'];
  /** What each option of the constructor may be, by name. */
  static readonly OPTIONS: Readonly<Record<string, Kind<unknown>>> = { seed: SEED };
  readonly config: BertConfig;

  /** Throws `value` errors for what is no config, and for options that the class does not know. */
  constructor(config: BertConfig, options: object = {}) {
    super();
    this.config = proveConfig(config, new.target.name);
    checkOptions(`new ${new.target.name}`, options, (new.target as unknown as ModelClass<PreTrainedModel>).OPTIONS);
  }

  /**
   * A model in evaluation mode with the weights of a checkpoint: a directory, address or hub id with config.json, a .safetensors or
   * .tracelet file, or bytes with { config }. Options that are fields of the config amend it; those of the constructor reach it. Throws `value`
   * errors for others.
   */
  static async from_pretrained<M extends PreTrainedModel, Options extends object>(
    this: ModelClass<M, Options>,
    source: CheckpointSource,
    options: PreTrainedOptions & Options = {} as PreTrainedOptions & Options,
  ): Promise<M> {
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    return loadPretrained(this, source, options);
  }

  /** The path of the encoder's config and weights in the folder of a model. */
  static async encoder_path(_read: ReadBeside): Promise<string> {
    return '';
  }

  /** Options of the constructor that files beside the checkpoint decide. */
  static async options_beside(_read: ReadBeside): Promise<object> {
    return {};
  }

  /** Paths of folders that hold weights of parts of the model, by what the names of these begin with. */
  folders_beside(): Readonly<Record<string, string>> {
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
    return { 'config.json': travelling(this.config) };
  }

  override call_(...args: ModelInputs): ModelOutput {
    return super.call_(...this.taken(args));
  }

  /** The inputs of a call by position, proved to be tensors of whole numbers. */
  protected taken(args: ModelInputs): Taken {
    const what = this.constructor.name;
    const named = nameInputs(args, this.input_names, what);
    if (!named.input_ids)
      throw new TraceletError('value', { what: `${what}: input_ids`, expected: 'a tensor of token ids', got: 'nothing' });
    return this.input_names.map((name) => named[name] && toInt32(named[name], name, `${what}: ${name}`)) as Taken;
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

async function loadPretrained<M extends PreTrainedModel, Options extends object>(
  model: ModelClass<M, Options>,
  source: CheckpointSource,
  options: PreTrainedOptions & Options,
): Promise<M> {
  const { reading, config: given, strict, built, amendments } = sortOptions(model, options);
  reading.signal?.throwIfAborted();
  const place = typeof source === 'string' || isUrl(source) ? await placeOf(source, reading) : undefined;
  const beside = readOnce(async (name) => place && textOf(place.folder, name));
  const path = place && place.file === undefined ? await model.encoder_path(beside) : '';
  const home = place && (path ? { folder: within(place.folder, path) } : place);
  const checkpoint = await (home ? readCheckpoint(home, reading) : openCheckpoint(source, reading));
  const read = isTrace(checkpoint) ? filesIn(checkpoint) : beside;
  const readConfig = () => read(path ? `${path}/config.json` : 'config.json');
  const config = given ?? (await configOf(home?.folder, checkpoint.name, readConfig, amendments, reading));
  const made = new model(config, { ...(await model.options_beside(read)), ...built } as Options);
  if (place && !isTrace(checkpoint)) await addFolders(checkpoint, place.folder, made.folders_beside(), reading);
  assignWeights(made, checkpoint, { strict: strict ?? true, onwarn: reading.onwarn });
  return made;
}

const isConfig = (value: unknown): value is BertConfig => isObject(value) && typeof value.to_json_string === 'function';

const proveConfig = (config: BertConfig, what: string): BertConfig =>
  proved(`new ${what}: config`, config, {
    ...OWN.config,
    cure: `new ${what}(new BertConfig({ … })) has fresh weights, ${what}.from_pretrained(…) those of a checkpoint`,
  });

const OWN = { config: kind<BertConfig>('a BertConfig', isConfig, 'BertConfig.from_dict makes one of an object'), strict: FLAG };

/** The options of `from_pretrained` by what they are for. Throws `value` errors for those that are for nothing. */
function sortOptions<M extends PreTrainedModel, Options extends object>(
  model: ModelClass<M, Options>,
  options: PreTrainedOptions & Options,
) {
  const what = `${model.name}.from_pretrained`;
  const table = { ...SOURCE_OPTIONS, ...CONFIG_OPTIONS, ...FOREIGN, ...OWN, ...model.OPTIONS } as unknown as OptionTable<PreTrainedOptions>;
  const [reading, { config, strict, ...others }] = splitOptions<PreTrainedOptions>(
    checkOptions<PreTrainedOptions>(what, options, table, cureOfForeign),
  );
  const amendments = amendmentsIn(others);
  const [field] = Object.keys(amendments);
  if (config && field !== undefined)
    throw new TraceletError('value', {
      what: `${what}: option ${field}`,
      expected: 'fields of the config, or a config',
      got: 'both',
      cure: `Make the config with ${field}`,
    });
  const built = Object.fromEntries(Object.entries(others).filter(([name]) => Object.hasOwn(model.OPTIONS, name)));
  return { reading, config, strict, built, amendments };
}

const isTrace = ({ metadata }: Checkpoint): boolean => metadata.format === FORMAT;

/** Asks `read` for each file once. */
function readOnce(read: ReadBeside): ReadBeside {
  const texts = new Map<string, Promise<string | undefined>>();
  return (name) => {
    const text = texts.get(name) ?? read(name);
    texts.set(name, text);
    return text;
  };
}

/** Adds the tensors of folders within a folder to a checkpoint, each under the prefix of its folder. */
async function addFolders(
  { tensors }: Checkpoint,
  folder: Folder,
  paths: Readonly<Record<string, string>>,
  reading: SourceOptions,
): Promise<void> {
  for (const [prefix, path] of Object.entries(paths)) {
    const part = await readCheckpoint({ folder: within(folder, path) }, reading);
    for (const [name, tensor] of part.tensors) tensors.set(prefix + name, tensor);
  }
}

/** Reads the files that travel in a trace. */
const filesIn =
  ({ tensors }: Checkpoint): ReadBeside =>
  async (name) => {
    const file = tensors.get(FILES + name);
    return file && new TextDecoder().decode(file.data as Uint8Array);
  };

async function configOf(
  folder: Folder | undefined,
  name: string,
  read: () => Promise<string | undefined>,
  amendments: BertConfigOptions,
  { onwarn }: SourceOptions,
): Promise<BertConfig> {
  const text = await read();
  const what = `config.json of ${name}`;
  if (text !== undefined) return BertConfig.from_dict(parseObject(text, what), amendments, what, onwarn);
  if (folder)
    throw new TraceletError('source', { what, expected: folder.at('config.json'), got: 'none', cure: folder.cure ?? 'Pass { config }' });
  throw new TraceletError('config', {
    what: 'from_pretrained without a path',
    expected: '{ config }',
    got: 'none',
    cure: 'Pass a BertConfig',
  });
}
