import type { CrossEncoder as Pairs } from './crossencoder.ts';
import type { EncoderOptions, EncoderSource } from './open.ts';

/** What opens a class that is loaded when it is asked for. */
interface Opens<Instance> {
  /**
   * What a folder, hub id or address holds, traced once for any number of texts of any length; or a trace, saved or loaded. Throws the errors of
   * `from_pretrained` of models and of `jit.trace`, and `config` errors for folders and traces of another kind.
   */
  from_pretrained(source: EncoderSource, options?: EncoderOptions): Promise<Instance>;
}

/** Scores of pairs of texts: rerankers and classifiers of pairs. As `sentence_transformers.CrossEncoder`. */
export type CrossEncoder = Pairs;
export const CrossEncoder: Opens<Pairs> = {
  from_pretrained: async (source, options) => (await import('./crossencoder.ts')).CrossEncoder.from_pretrained(source, options),
};
