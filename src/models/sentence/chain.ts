import type { JsonObject } from '../../base/json.ts';
import { onDemand } from '../../base/ondemand.ts';
import { TOKENIZER } from '../../base/options.ts';
import { kind } from '../../base/schema.ts';
import type { Checkpoint } from '../../formats/checkpoint.ts';
import { ModuleList } from '../../nn/containers.ts';
import { MASK, POOLING_MASK } from '../../nn/inputs.ts';
import type { AnyModule } from '../../nn/module.ts';
import { type ModelOutput, modelOutput } from '../../nn/outputs.ts';
import { type SentenceConfig, sentenceFiles } from '../../sentence/config.ts';
import { FOLDER_KINDS, type FolderKind } from '../../sentence/kinds.ts';
import { type Feature, TASKS } from '../../sentence/modules.ts';
import { excludesPrompt } from '../../sentence/prompt.ts';
import type { SaveOptions } from '../../sources/saving.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { PreTrainedTokenizerFast } from '../../tokenizer/index.ts';
import type { FamilyClass } from '../classes.ts';
import { type ConfigClass, describing, type PreTrainedConfig } from '../config.ts';
import type { Family } from '../family.ts';
import { families } from '../late.ts';
import { headsFor } from '../loaded.ts';
import { type Beside, type ModelInputs, PreTrainedModel } from '../pretrained.ts';
import { ownWeights, saveInto } from '../saving.ts';
import { known, SENTENCE } from './known.ts';
import { makeParts, type Part, type PartClass } from './parts.ts';

/** What a folder of sentence-transformers says. */
export interface FolderOptions {
  sentence?: SentenceConfig;
  tokenizer?: PreTrainedTokenizerFast;
}

/** What {@link Chain} is made of. */
export interface Links extends FolderOptions {
  sentence: SentenceConfig;
  /** The class of the Transformer. */
  base: FamilyClass;
  /** What makes the parts of modules that few folders have. */
  parts?: Readonly<Record<string, PartClass>>;
  seed?: number;
}

/** What options of chains may be. */
export const FOLDER_OPTIONS = { sentence: SENTENCE, tokenizer: TOKENIZER };

/** The option `base`: classes with this head, `Model` for none. */
export const headed = (head: string, such = 'of models with that head') => ({
  base: kind<FamilyClass>(
    `a class ${such}`,
    (value) => typeof value === 'function' && headsFor(head).includes((value as unknown as FamilyClass).head) && 'family' in value,
  ),
});

/** What modules made, by name. */
export type Features = Partial<Record<Feature | 'last_hidden_state', Tensor>>;

/** Where a Transformer with a head stands; one without has the prefix of its family. */
const HEADED = 'model';

const FOLDERS = 'what reads folders of sentence-transformers';

/** The parts behind a Transformer, by their numbers in modules.json. */
export class Parts extends ModuleList<Part> {
  override children(): [string, AnyModule][] {
    return this.items.map((item, i) => [String(i + 1), item]);
  }
}

/** A Transformer, with its head if its folder asks for one, and the modules of the folder behind it, as modules.json chains them. */
export abstract class Chain extends PreTrainedModel {
  modules: Parts;
  readonly #family: Family;
  readonly #place: string;
  /** What the folder says of modules, prompts and lengths. */
  readonly sentence: SentenceConfig;
  /** The folder's tokenizer, if there is one that runs here: it travels in traces. */
  readonly tokenizer: PreTrainedTokenizerFast | undefined;
  /** What folders it opens. */
  static readonly kind: FolderKind;

  /** `links` is asked once config and options are proved. */
  constructor(config: PreTrainedConfig, options: object, links: () => Links) {
    super(config, options);
    const { sentence, tokenizer, base: Base, parts, seed } = links();
    this.sentence = known(sentence);
    this.tokenizer = tokenizer;
    this.#family = Base.family;
    const { prefix, optional } = this.family;
    const isHeadless = headsFor('Model').includes(Base.head);
    this.#place = isHeadless ? prefix : HEADED;
    Object.assign(this, { [this.#place]: new Base(config, isHeadless && optional ? { [optional.option]: false } : {}) });
    const { task } = FOLDER_KINDS[sentence.model_type];
    const width = task === 'fill-mask' ? config.vocab_size : config.hidden_size;
    this.modules = new Parts(makeParts(sentence, { [TASKS[task].makes]: width }, parts));
    this.post_init(seed);
  }

  override get family(): Family {
    return this.#family;
  }

  /** The Transformer. */
  get base_model(): PreTrainedModel {
    return (this as unknown as Record<string, PreTrainedModel>)[this.#place];
  }

  static override async config_class(dict: Readonly<JsonObject>, what: string): Promise<ConfigClass> {
    return (await families()).configClassIn(dict, what);
  }

  static override async encoder_path(beside: Beside): Promise<string> {
    const { encoderPath } = await onDemand(FOLDERS, () => import('./folder.ts'));
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    return encoderPath(beside, this.kind);
  }

  static override async options_beside(
    beside: Beside,
    { model_type }: PreTrainedConfig,
    _checkpoint?: Checkpoint,
  ): Promise<FolderOptions & { base: FamilyClass }> {
    const { optionsIn } = await onDemand(FOLDERS, () => import('./folder.ts'));
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    return optionsIn(beside, this.kind, model_type);
  }

  override folders_beside(): Record<string, string> {
    const weighted = [...this.modules].flatMap((part, i) => (part.named_parameters().next().done ? [] : [i + 1]));
    return Object.fromEntries(weighted.map((i) => [`modules.${i}.`, this.sentence.modules[i].path]));
  }

  override get input_names(): readonly string[] {
    const { inputs } = this.family;
    return excludesPrompt(this.sentence) ? [...inputs, POOLING_MASK] : inputs;
  }

  override tied(): [string, string][] {
    return this.base_model.tied().map(([follower, leader]) => [`${this.#place}.${follower}`, `${this.#place}.${leader}`]);
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
    const { task } = FOLDER_KINDS[this.sentence.model_type];
    const { [TASKS[task].answers]: answer, hidden_states: layers } = this.base_model(...(given.slice(0, names.length) as ModelInputs));
    const attention = given[names.indexOf(MASK)];
    const pooling = given[names.length] ?? attention;
    const features: Features = { [TASKS[task].makes]: answer };
    for (const part of this.modules) {
      const { input, output } = part.wiring;
      features[output] = part(features[input] as Tensor, { attention, pooling, layers });
    }
    return modelOutput(this.answer(features, answer));
  }

  /** What it answers: of what its modules made, and of what its Transformer answered. */
  protected answer(features: Features, _answered: Tensor): Features {
    const { makes } = FOLDER_KINDS[this.sentence.model_type];
    return { [makes]: features[makes] };
  }
}
