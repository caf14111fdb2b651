/** What short names of heads stand for. */
export const HEADS: Readonly<Record<string, string>> = {
  model: 'Model',
  mlm: 'ForMaskedLM',
  lm: 'ForCausalLM',
  pretraining: 'ForPreTraining',
  nsp: 'ForNextSentencePrediction',
  classify: 'ForSequenceClassification',
  choice: 'ForMultipleChoice',
  tokens: 'ForTokenClassification',
  qa: 'ForQuestionAnswering',
  embed: 'SentenceEmbedder',
};

export const SHORT_NAMES: readonly string[] = Object.keys(HEADS);
