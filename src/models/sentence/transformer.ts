import type { PreTrainedConfig } from '../config.ts';
import type { Beside } from '../pretrained.ts';
import { plainSentence, SentenceEmbedder, withOptions } from './embedder.ts';
import { known } from './known.ts';

/** A SentenceEmbedder for whoever expects sentence-transformers: without a folder that says so, vectors are not scaled. */
export class SentenceTransformerModel extends SentenceEmbedder {
  static override async options_beside(beside: Beside, config: PreTrainedConfig): ReturnType<typeof SentenceEmbedder.options_beside> {
    const options = await SentenceEmbedder.options_beside(beside, config);
    return options.sentence ? options : { ...options, sentence: known(withOptions(plainSentence(config), { normalize: false })) };
  }
}
