import { onDemand } from '../base/ondemand.ts';
import type { CheckpointSource } from '../formats/checkpoint.ts';
import type { SourceOptions } from '../sources/folder.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { TokenizerOptions } from './autotokenizer.ts';
import type { Amendments, PreTrainedConfig } from './config.ts';
import { families } from './late.ts';
import type { PreTrainedModel, PreTrainedOptions } from './pretrained.ts';

/** Options of `from_pretrained` of whatever class the source chooses; that class proves them. */
export type AutoOptions = PreTrainedOptions & Readonly<Record<string, unknown>>;

/** Reads the configuration of any family: the `model_type` of config.json chooses its class. */
export const AutoConfig = {
  /** As `from_pretrained` of the class that config.json chooses. Throws `config` errors for a `model_type` that is not known. */
  async from_pretrained(source: string | URL, options: Amendments<PreTrainedConfig> & SourceOptions = {}): Promise<PreTrainedConfig> {
    const { readConfig } = await onDemand('what reads configurations', () => import('./configfile.ts'));
    return readConfig('AutoConfig.from_pretrained', source, options, async (...contents) => (await families()).configClassIn(...contents));
  },
};

/** What {@link AutoModel} and its like do. */
export interface AutoClass {
  /** As `from_pretrained` of the class that config.json chooses. Throws `config` errors for a `model_type` that is not known, or has no such head. */
  from_pretrained(source: CheckpointSource, options?: AutoOptions): Promise<PreTrainedModel>;
}

/** Loads models of any family with one head, or the next of these that it has. */
const auto = (name: string, ...heads: [head: string, ...others: string[]]): AutoClass => ({
  from_pretrained: async (source, options = {}) => {
    const { loadWithHead } = await onDemand('what loads models', () => import('./autoload.ts'));
    return loadWithHead(name, heads, source, options);
  },
});

/** The base model of any family, without a head. */
export const AutoModel: AutoClass = auto('AutoModel', 'Model');
/** Models with the heads that they were pre-trained with: the one that scores words where a family has none for that alone. */
export const AutoModelForPreTraining: AutoClass = auto(
  'AutoModelForPreTraining',
  ...['ForPreTraining', 'ForMaskedLM', 'ForSeq2SeqLM', 'ForCausalLM', 'WithLMHeadModel'],
);
/** Models that make a vector of each token: the encoder alone, where a family has a decoder too. */
export const AutoModelForTextEncoding: AutoClass = auto('AutoModelForTextEncoding', 'ForTextEncoding', 'Model');
/** Models that score words to answer a text with. */
export const AutoModelForSeq2SeqLM: AutoClass = auto('AutoModelForSeq2SeqLM', 'ForSeq2SeqLM');
/** Models that score words that may come next. */
export const AutoModelForCausalLM: AutoClass = auto('AutoModelForCausalLM', 'ForCausalLM');
/** Models that score words for masked places. */
export const AutoModelForMaskedLM: AutoClass = auto('AutoModelForMaskedLM', 'ForMaskedLM', 'WithLMHeadModel');
/** Models that say whether a sentence follows another. */
export const AutoModelForNextSentencePrediction: AutoClass = auto('AutoModelForNextSentencePrediction', 'ForNextSentencePrediction');
/** Models that score labels for texts. */
export const AutoModelForSequenceClassification: AutoClass = auto('AutoModelForSequenceClassification', 'ForSequenceClassification');
/** Models that score labels for tokens. */
export const AutoModelForTokenClassification: AutoClass = auto('AutoModelForTokenClassification', 'ForTokenClassification');
/** Models that find answers in texts: by a start and an end score for each token, where a family has a beam as well. */
export const AutoModelForQuestionAnswering: AutoClass = auto(
  'AutoModelForQuestionAnswering',
  'ForQuestionAnsweringSimple',
  'ForQuestionAnswering',
);
/** Models that score texts against each other. */
export const AutoModelForMultipleChoice: AutoClass = auto('AutoModelForMultipleChoice', 'ForMultipleChoice');

/** Loads tokenizers: tokenizer.json by what it holds, other files by the class that they name, else by the `model_type` of config.json. */
export const AutoTokenizer = {
  /** As `BertTokenizer.from_pretrained`. Throws a `config` error for a `model_type` that is not known, where it decides. */
  async from_pretrained(source: string | URL, options: TokenizerOptions & SourceOptions = {}): Promise<PreTrainedTokenizerFast> {
    const { loadTokenizer } = await onDemand('what loads tokenizers', () => import('./autotokenizer.ts'));
    return loadTokenizer('AutoTokenizer.from_pretrained', source, options);
  },
};
