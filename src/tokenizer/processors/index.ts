import { partOf, type Registry } from '../fields.ts';
import type { IdOf, PostProcessor } from '../interfaces.ts';
import { readBertProcessing } from './bert.ts';
import { readTemplateProcessing } from './template.ts';

const PROCESSORS: Registry<(idOf: IdOf) => PostProcessor> = {
  BertProcessing: readBertProcessing,
  TemplateProcessing: readTemplateProcessing,
};

const NOTHING_ADDED: PostProcessor = {
  single: [{ sequence: 0, type: 0 }],
  pair: [
    { sequence: 0, type: 0 },
    { sequence: 1, type: 1 },
  ],
};

/** The post-processor of tokenizer.json. Throws `config`, `format` and `unsupported` errors. */
export const processorOf = (value: unknown, idOf: IdOf): PostProcessor =>
  value === null || value === undefined ? NOTHING_ADDED : partOf('post_processor', value, PROCESSORS)(idOf);
