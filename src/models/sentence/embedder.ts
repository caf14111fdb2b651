import type { JsonObject } from '../../base/json.ts';
import { TOKENIZER } from '../../base/options.ts';
import { FLAG, kind, oneOf } from '../../base/schema.ts';
import { ModuleList } from '../../nn/containers.ts';
import { MASK, POOLING_MASK } from '../../nn/inputs.ts';
import type { AnyModule } from '../../nn/module.ts';
import { type ModelOutput, modelOutput } from '../../nn/outputs.ts';
import { parseSentence, readSentenceFiles, type SentenceConfig, sentenceFiles } from '../../sentence/config.ts';
import { type Feature, POOLING, type PoolingMode, type SentenceModule } from '../../sentence/modules.ts';
import { excludesPrompt, isNormalized, withoutScaling } from '../../sentence/prompt.ts';
import { supportedTokenizer } from '../../sentence/tokenizer.ts';
import type { SaveOptions } from '../../sources/saving.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { filesRead as tokenizerFiles } from '../../tokenizer/filesread.ts';
import type { PreTrainedTokenizerFast } from '../../tokenizer/index.ts';
import type { FamilyClass } from '../classes.ts';
import { type ConfigClass, describing, type PreTrainedConfig } from '../config.ts';
import type { Family } from '../family.ts';
import { baseOf, ENCODERS } from '../loaded.ts';
import { type Beside, type ModelInputs, PreTrainedModel } from '../pretrained.ts';
import { ownWeights, saveInto } from '../saving.ts';
import { makeParts, type Part } from './parts.ts';

/** Options of {@link SentenceEmbedder}. */
export interface EmbedderOptions {
  /** What fresh weights follow from. */
  seed?: number;
  /** How the tokens of a text become one vector; several ways are laid side by side. The mean unless given. */
  pooling?: PoolingMode | readonly PoolingMode[];
  /** Whether vectors are scaled to length 1; true unless given. */
  normalize?: boolean;
  /** False, or nothing, which is the same: an encoder's pooling layer is left out, as no vector comes from it. */
  add_pooling_layer?: false;
  /** The class of the encoder; the base model of the configuration's family unless given. */
  base?: FamilyClass;
}

/** What a folder of sentence-transformers says, in place of the options above. */
export interface FolderOptions {
  sentence?: SentenceConfig;
  tokenizer?: PreTrainedTokenizerFast;
}

/** What this module read or made. */
const KNOWN = new WeakSet<object>();
const isBase = (value: unknown): boolean =>
  typeof value === 'function' && ENCODERS.some((head) => head === (value as unknown as FamilyClass).head) && 'family' in value;
const BASE = kind<FamilyClass>('a class of models without a head, such as BertModel', isBase);
const SENTENCE = kind<SentenceConfig>('what a SentenceEmbedder has as sentence', (value) => KNOWN.has(value as object));

/** The parts behind an encoder, by their numbers in modules.json. */
class Parts extends ModuleList<Part> {
  override children(): [string, AnyModule][] {
    return this.items.map((item, i) => [String(i + 1), item]);
  }
}

/**
 * One vector a text, as `sentence_transformers.SentenceTransformer`: an encoder, and the modules of the folder that it is loaded from behind it, as
 * modules.json chains them. Without such a folder, the tokens' mean scaled to length 1. Answers (sentence_embedding [batch, width],
 * last_hidden_state [batch, sequence, hidden]). Where the folder leaves prompts out of its vectors there is one more input, `pooling_mask`, 0 for
 * tokens of a prompt.
 */
export class SentenceEmbedder extends PreTrainedModel {
  modules: Parts;
  readonly #family: Family;
  /** What the folder says of modules, prompts and lengths. */
  readonly sentence: SentenceConfig;
  /** The folder's tokenizer, if there is one that runs here: it travels in traces. */
  readonly tokenizer: PreTrainedTokenizerFast | undefined;
  static override readonly OPTIONS: typeof PreTrainedModel.OPTIONS = {
    ...PreTrainedModel.OPTIONS,
    pooling: POOLING,
    normalize: FLAG,
    add_pooling_layer: oneOf([false], 'No vector comes from that layer: pooling says how the tokens become one'),
    base: BASE,
    sentence: SENTENCE,
    tokenizer: TOKENIZER,
  };

  constructor(config: PreTrainedConfig, options: EmbedderOptions & FolderOptions = {}) {
    super(config, options);
    this.sentence = withOptions(options?.sentence ?? plainSentence(config), options ?? {});
    KNOWN.add(this.sentence);
    this.tokenizer = options?.tokenizer;
    const Base = options?.base ?? baseOf(config.model_type);
    this.#family = Base.family;
    const { prefix, optional } = this.family;
    Object.assign(this, { [prefix]: new Base(config, optional && { [optional.option]: false }) });
    this.modules = new Parts(makeParts(this.sentence.modules, config.hidden_size));
    this.post_init(options?.seed);
  }

  override get family(): Family {
    return this.#family;
  }

  get base_model(): PreTrainedModel {
    return (this as unknown as Record<string, PreTrainedModel>)[this.family.prefix];
  }

  static override async config_class(dict: Readonly<JsonObject>, what: string): Promise<ConfigClass> {
    const { configClassIn } = await import('../classes.ts');
    return configClassIn(dict, what);
  }

  static override async encoder_path(beside: Beside): Promise<string> {
    return encoderOf(await sentenceIn(beside)).path;
  }

  static override async options_beside(beside: Beside, { model_type }: PreTrainedConfig): Promise<FolderOptions & EmbedderOptions> {
    const { encoderClass } = await import('../classes.ts');
    const sentence = await sentenceIn(beside);
    const { path } = encoderOf(sentence);
    const files = await tokenizerFiles((name) => beside.bytes(path ? `${path}/${name}` : name));
    return { base: encoderClass(model_type), sentence, tokenizer: files && supportedTokenizer(files, sentence) };
  }

  override folders_beside(): Record<string, string> {
    const weighted = [...this.modules].flatMap((part, i) => (part.named_parameters().next().done ? [] : [i + 1]));
    return Object.fromEntries(weighted.map((i) => [`modules.${i}.`, this.sentence.modules[i].path]));
  }

  override get input_names(): readonly string[] {
    return excludesPrompt(this.sentence) ? [...super.input_names, POOLING_MASK] : super.input_names;
  }

  /** Writes a folder of sentence-transformers: modules and what they say, the encoder, its tokenizer. As `SentenceTransformer.save_pretrained`. */
  override save_pretrained(folder: string, options?: SaveOptions): Promise<string[]> {
    const { base_model, config, modules, sentence, tokenizer } = this;
    const parts = Object.entries(this.folders_beside()).map(([prefix, path]) => {
      const index = prefix.split('.')[1];
      const own = [...modules.state_dict()].filter(([name]) => name.startsWith(`${index}.`));
      return [path, own.map(([name, weight]) => [name.slice(index.length + 1), weight] as const)] as const;
    });
    const texts = {
      ...tokenizer?.files(),
      ...sentenceFiles(sentence),
      'config.json': describing(config, base_model.constructor.name),
    };
    return saveInto(folder, { texts, weights: { '': ownWeights(base_model), ...Object.fromEntries(parts) } }, options);
  }

  override trace_files(): Record<string, string> {
    return { ...super.trace_files(), ...sentenceFiles(this.sentence), ...this.tokenizer?.files() };
  }

  forward(...inputs: ModelInputs): ModelOutput {
    const { inputs: names } = this.family;
    const given = inputs as (Tensor | undefined)[];
    const { last_hidden_state } = this.base_model(...(given.slice(0, names.length) as ModelInputs));
    const attention = given[names.indexOf(MASK)];
    const pooling = given[names.length] ?? attention;
    const features: Partial<Record<Feature, Tensor>> = { token_embeddings: last_hidden_state };
    for (const part of this.modules) {
      const { input, output } = part.wiring;
      features[output] = part(features[input] as Tensor, { attention, pooling });
    }
    return modelOutput({ sentence_embedding: features.sentence_embedding, last_hidden_state });
  }
}

const plainSentence = ({ hidden_size }: PreTrainedConfig): SentenceConfig => ({
  modules: [
    { type: 'Transformer', path: '', max_seq_length: null, do_lower_case: false },
    { type: 'Pooling', path: '1_Pooling', embedding_dimension: hidden_size, pooling_mode: ['mean'], include_prompt: true },
    NORMALIZE,
  ],
  prompts: {},
  default_prompt_name: null,
  truncate_dim: null,
});

const NORMALIZE: SentenceModule<'Normalize'> = {
  type: 'Normalize',
  path: '2_Normalize',
  module_input_name: 'sentence_embedding',
  module_output_name: 'sentence_embedding',
};

const sentenceIn = async (beside: Beside): Promise<SentenceConfig | undefined> => {
  const files = await readSentenceFiles(beside.text);
  const sentence = files && parseSentence(files);
  if (sentence) KNOWN.add(sentence);
  return sentence;
};

const encoderOf = (sentence: SentenceConfig | undefined): { path: string } => sentence?.modules[0] ?? { path: '' };

/** `sentence` with the pooling and scaling that options ask for. */
function withOptions(sentence: SentenceConfig, { pooling, normalize }: EmbedderOptions): SentenceConfig {
  let { modules } = sentence;
  if (pooling !== undefined)
    modules = modules.map((module) =>
      module.type === 'Pooling' ? { ...module, pooling_mode: [pooling].flat() as PoolingMode[] } : module,
    );
  if (normalize !== undefined && normalize !== isNormalized(sentence))
    modules = normalize ? [...modules, { ...NORMALIZE, path: `${modules.length}_Normalize` }] : withoutScaling({ ...sentence, modules });
  return { ...sentence, modules };
}
