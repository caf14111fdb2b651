import { RobertaModel } from '../roberta/model.ts';
import type { XLMRobertaConfig } from './config.ts';
import { XLM_ROBERTA } from './family.ts';

/** The bare encoder, as `transformers.XLMRobertaModel`: a {@link RobertaModel} under another name. */
export class XLMRobertaModel extends RobertaModel {
  static override readonly family = XLM_ROBERTA;
  declare readonly config: XLMRobertaConfig;
}
