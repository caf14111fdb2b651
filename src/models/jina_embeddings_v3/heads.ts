import * as F from '../../nn/functional.ts';
import { ForFirstTokenClassification, ForMaskedLM, ForQuestionAnswering, ForTokenClassification, type HeadOptions } from '../heads.ts';
import type { JinaEmbeddingsV3Config } from './config.ts';
import { JINA_EMBEDDINGS_V3 } from './family.ts';
import { JinaEmbeddingsV3Model } from './model.ts';

const encoder = (config: JinaEmbeddingsV3Config) => (): JinaEmbeddingsV3Model =>
  new JinaEmbeddingsV3Model(config, { add_pooling_layer: false });

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class JinaEmbeddingsV3ForMaskedLM extends ForMaskedLM<JinaEmbeddingsV3Model> {
  static override readonly family = JINA_EMBEDDINGS_V3;
  declare readonly config: JinaEmbeddingsV3Config;
  declare roberta: JinaEmbeddingsV3Model;

  constructor(config: JinaEmbeddingsV3Config, options: HeadOptions = {}) {
    super(config, options, encoder(config));
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class JinaEmbeddingsV3ForSequenceClassification extends ForFirstTokenClassification<JinaEmbeddingsV3Model> {
  static override readonly family = JINA_EMBEDDINGS_V3;
  declare readonly config: JinaEmbeddingsV3Config;
  declare roberta: JinaEmbeddingsV3Model;

  constructor(config: JinaEmbeddingsV3Config, options: HeadOptions = {}) {
    super(config, options, encoder(config), F.tanh);
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class JinaEmbeddingsV3ForTokenClassification extends ForTokenClassification<JinaEmbeddingsV3Model> {
  static override readonly family = JINA_EMBEDDINGS_V3;
  declare readonly config: JinaEmbeddingsV3Config;
  declare roberta: JinaEmbeddingsV3Model;

  constructor(config: JinaEmbeddingsV3Config, options: HeadOptions = {}) {
    super(config, options, encoder(config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class JinaEmbeddingsV3ForQuestionAnswering extends ForQuestionAnswering<JinaEmbeddingsV3Model> {
  static override readonly family = JINA_EMBEDDINGS_V3;
  declare readonly config: JinaEmbeddingsV3Config;
  declare roberta: JinaEmbeddingsV3Model;

  constructor(config: JinaEmbeddingsV3Config, options: HeadOptions = {}) {
    super(config, options, encoder(config));
  }
}
