import { TraceletError } from '../base/error.ts';
import { describe, type JsonObject, parseObject, readJson } from '../base/json.ts';
import { isUrl } from '../base/realm.ts';
import type { CheckpointSource } from '../formats/checkpoint.ts';
import { isSentenceFolder } from '../sentence/config.ts';
import { type SourceOptions, splitOptions } from '../sources/folder.ts';
import { placeOf, withoutQuery } from '../sources/place.ts';
import { tokenizerFrom } from '../tokenizer/auto.ts';
import { filesAt, filesRead } from '../tokenizer/filesread.ts';
import type { PreTrainedTokenizerFast, TokenizerFiles } from '../tokenizer/index.ts';
import { classWith, configClassIn, familyOf, nameOf, typeIn } from './classes.ts';
import { type Amendments, configAt, type PreTrainedConfig, readConfig, readingIn } from './config.ts';
import { ARCHITECTURES, type Architecture, architecture } from './index.ts';
import { configIn, described, dictOf, type Home, loadFrom, openHome } from './load.ts';
import type { PreTrainedModel, PreTrainedOptions } from './pretrained.ts';

type TokenizerOptions = NonNullable<Parameters<typeof tokenizerFrom>[1]>;

/** Options of `from_pretrained` of whatever class the source chooses; that class proves them. */
export type AutoOptions = PreTrainedOptions & Readonly<Record<string, unknown>>;

/** Reads the configuration of any family: the `model_type` of config.json chooses its class. */
export const AutoConfig = {
  /** As `from_pretrained` of the class that config.json chooses. Throws `config` errors for a `model_type` that is not known. */
  from_pretrained(source: string | URL, options: Amendments<PreTrainedConfig> & SourceOptions = {}): Promise<PreTrainedConfig> {
    return readConfig('AutoConfig.from_pretrained', source, options, configClassIn);
  },
};

/** What {@link AutoModel} and its like do. */
export interface AutoClass {
  /** As `from_pretrained` of the class that config.json chooses. Throws `config` errors for a `model_type` that is not known, or has no such head. */
  from_pretrained(source: CheckpointSource, options?: AutoOptions): Promise<PreTrainedModel>;
}

/** Loads models of any family with one head. */
const auto = (name: string, head: string): AutoClass => ({
  from_pretrained: async (source, options = {}) => {
    const what = `${name}.from_pretrained`;
    const reading = readingIn(what, options);
    const given = configIn(what, options);
    const opened = await openHome(source, reading);
    const home = given ? opened : await described(opened, reading);
    return loadFrom(classWith(given?.model_type ?? (await typeOf(home)), head), home, options);
  },
});

async function typeOf(home: Home): Promise<string> {
  const { dict, what } = await dictOf(home);
  return typeIn(dict, what);
}

/** The base model of any family, without a head. */
export const AutoModel: AutoClass = auto('AutoModel', 'Model');
/** Models with the heads that they were pre-trained with. */
export const AutoModelForPreTraining: AutoClass = auto('AutoModelForPreTraining', 'ForPreTraining');
/** Models that score words for masked places. */
export const AutoModelForMaskedLM: AutoClass = auto('AutoModelForMaskedLM', 'ForMaskedLM');
/** Models that say whether a sentence follows another. */
export const AutoModelForNextSentencePrediction: AutoClass = auto('AutoModelForNextSentencePrediction', 'ForNextSentencePrediction');
/** Models that score labels for texts. */
export const AutoModelForSequenceClassification: AutoClass = auto('AutoModelForSequenceClassification', 'ForSequenceClassification');
/** Models that score labels for tokens. */
export const AutoModelForTokenClassification: AutoClass = auto('AutoModelForTokenClassification', 'ForTokenClassification');
/** Models that find answers in texts. */
export const AutoModelForQuestionAnswering: AutoClass = auto('AutoModelForQuestionAnswering', 'ForQuestionAnswering');
/** Models that score texts against each other. */
export const AutoModelForMultipleChoice: AutoClass = auto('AutoModelForMultipleChoice', 'ForMultipleChoice');

/** Loads tokenizers: tokenizer.json by what it holds, other files by the class that they name, else by the `model_type` of config.json. */
export const AutoTokenizer = {
  /** As `BertTokenizer.from_pretrained`. Throws a `config` error for a `model_type` that is not known, where it decides. */
  async from_pretrained(source: string | URL, options: TokenizerOptions & SourceOptions = {}): Promise<PreTrainedTokenizerFast> {
    const what = 'AutoTokenizer.from_pretrained';
    if (typeof source !== 'string' && !isUrl(source))
      throw new TraceletError('value', { what: `${what}: source`, expected: 'a path, a URL or a hub id', got: describe(source) });
    const reading = readingIn(what, options);
    reading.signal?.throwIfAborted();
    const place = await placeOf(source, reading);
    const files = await filesAt(place, reading);
    return chosenTokenizer(files, splitOptions(options ?? {})[1], async () => {
      const isVocab = place.file !== undefined && withoutQuery(place.file).endsWith('.txt');
      const [text, at] = await configAt(isVocab ? { folder: place.folder } : place, reading);
      return { text, what: at };
    });
  },
};

/** The tokenizer that files make, of the class that they choose. */
async function chosenTokenizer(
  files: TokenizerFiles,
  options: TokenizerOptions,
  config: () => Promise<{ text: string | undefined; what: string }>,
): Promise<PreTrainedTokenizerFast> {
  if (files['vocab.txt'] === undefined || files['tokenizer.json'] !== undefined || namesClass(files)) return tokenizerFrom(files, options);
  const { text, what } = await config();
  if (text === undefined)
    throw new TraceletError('config', {
      what: 'the class of a tokenizer',
      expected: `tokenizer.json, tokenizer_class in tokenizer_config.json, or model_type in ${what}`,
      got: 'none of them',
      cure: 'Load it by its class: BertTokenizer.from_pretrained',
    });
  return familyOf(typeIn(parseObject(text, what), what)).Tokenizer.from_files(files, options);
}

function namesClass({ 'tokenizer_config.json': text }: TokenizerFiles): boolean {
  const { tokenizer_class: name } = text === undefined ? {} : parseObject(text, 'tokenizer_config.json', readJson);
  return name !== undefined && name !== null;
}

/** A model, and the name of its class. */
export interface Loaded {
  name: Architecture;
  model: PreTrainedModel;
  /** Makes the tokenizer that lies beside the weights; undefined where there is none. */
  tokenizer(): Promise<PreTrainedTokenizerFast | undefined>;
}

/**
 * The model at `source` as the class that it states: a SentenceEmbedder where modules.json makes vectors, else the first of `architectures`. Or as
 * `wanted`: the name of a class, or of a head that the family has.
 */
export async function loadModel(source: CheckpointSource, options: AutoOptions, wanted?: string): Promise<Loaded> {
  const reading = readingIn('loadModel', options);
  const opened = await openHome(source, reading);
  const isEmbedder = wanted === EMBEDDER || (wanted === undefined && (await isSentenceFolder(opened.beside.text)));
  const home = isEmbedder ? opened : await described(opened, reading);
  const name = isEmbedder ? EMBEDDER : await nameIn(home, wanted);
  const tokenizer = async () => {
    const files = await filesRead(home.beside.bytes);
    const config = async () => ({ text: await home.beside.text('config.json'), what: 'config.json' });
    return files && chosenTokenizer(files, {}, config);
  };
  return { name, model: await loadFrom(architecture(name), home, options), tokenizer };
}

const EMBEDDER = 'SentenceEmbedder';

async function nameIn(home: Home, wanted: string | undefined): Promise<Architecture> {
  if (wanted === undefined && (await isSentenceFolder(home.beside.text))) return EMBEDDER;
  const { dict, what } = await dictOf(home);
  if (wanted !== undefined && Object.hasOwn(ARCHITECTURES, wanted)) return wanted as Architecture;
  const type = typeIn(dict, what);
  if (wanted !== undefined) return nameOf(classWith(type, wanted)) as Architecture;
  return stated(dict, what);
}

function stated({ architectures }: JsonObject, what: string): Architecture {
  const name = Array.isArray(architectures) ? architectures[0] : undefined;
  if (name === undefined)
    throw new TraceletError('config', {
      what: `architectures in the ${what}`,
      expected: 'the name of an architecture',
      got: 'none',
      cure: STATE_ONE,
    });
  architecture(name);
  return name;
}

/** What can be done where no architecture is stated. */
export const STATE_ONE = 'Choose one, such as AutoModelForMaskedLM';
