import { kind } from '../../base/schema.ts';
import type { SentenceConfig } from '../../sentence/config.ts';

/** What was read from a folder, or made by a class. */
const KNOWN = new WeakSet<object>();

/** The option `sentence`. */
export const SENTENCE = kind<SentenceConfig>('what a SentenceEmbedder has as sentence', (value) => KNOWN.has(value as object));

/** `sentence` as an option may be it. */
export function known(sentence: SentenceConfig): SentenceConfig {
  KNOWN.add(sentence);
  return sentence;
}
