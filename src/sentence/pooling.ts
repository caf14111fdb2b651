import type { SentenceConfig } from './config.ts';

/** What servers call ways of pooling by another name. */
const NAMES: Readonly<Record<string, string>> = { lasttoken: 'last_token' };

/** How one vector is made of those of tokens, as Text Embeddings Inference and Workers AI name it. */
export function poolingOf(sentence: SentenceConfig | undefined): string {
  const pooling = sentence?.modules.find(({ type }) => type === 'Pooling' || type === 'SpladePooling');
  if (pooling?.type === 'SpladePooling') return 'splade';
  return pooling?.type === 'Pooling' ? pooling.pooling_mode.map((mode) => NAMES[mode] ?? mode).join('_') : 'mean';
}
