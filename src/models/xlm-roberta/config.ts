import { core, SIZE } from '../../base/schema.ts';
import { schemaOf } from '../fields.ts';
import { ROBERTA_FIELDS, RobertaConfig } from '../roberta/config.ts';

const fields = { ...ROBERTA_FIELDS.fields, vocab_size: core(30522, SIZE) };

/** The shape of an XLM-RoBERTa, as `transformers.XLMRobertaConfig`. */
export class XLMRobertaConfig extends RobertaConfig {
  static override readonly schema = schemaOf({ ...ROBERTA_FIELDS, model_type: 'xlm-roberta', fields });
}
