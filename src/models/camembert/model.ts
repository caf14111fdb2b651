import { RobertaModel } from '../roberta/model.ts';
import type { CamembertConfig } from './config.ts';
import { CAMEMBERT } from './family.ts';

/** The bare encoder, as `transformers.CamembertModel`: a {@link RobertaModel} under another name. */
export class CamembertModel extends RobertaModel {
  static override readonly family = CAMEMBERT;
  declare readonly config: CamembertConfig;
}
