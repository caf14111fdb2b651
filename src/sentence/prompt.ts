import { TraceletError } from '../base/error.ts';
import { didYouMean } from '../base/nearest.ts';
import type { SentenceConfig } from './config.ts';
import type { SentenceModule } from './modules.ts';

/** What to put before texts. */
export interface PromptOptions {
  /** The words themselves. */
  prompt?: string;
  /** The name of a prompt of the folder, such as `query`. The folder's default prompt is used unless one of the two is given. */
  prompt_name?: string;
}

/** The prompt that is asked for, empty where there is none. Throws a `value` error for names that the folder does not have. */
export function promptOf(sentence: SentenceConfig | undefined, { prompt, prompt_name }: PromptOptions, what: string): string {
  if (prompt !== undefined && prompt_name !== undefined)
    throw new TraceletError('value', { what, expected: 'prompt or prompt_name', got: 'both' });
  if (prompt !== undefined) return prompt;
  const { prompts = {}, default_prompt_name = null } = sentence ?? {};
  const name = prompt_name ?? default_prompt_name;
  if (name === null) return '';
  if (Object.hasOwn(prompts, name)) return prompts[name];
  const known = Object.keys(prompts);
  throw new TraceletError('value', {
    what: `${what}: option prompt_name`,
    expected: known.length ? `one of ${known.join(', ')}` : 'none: the folder of the model has no prompts',
    got: JSON.stringify(name),
    cure: didYouMean(name, known) ?? 'Pass the words themselves as prompt',
  });
}

/** Whether tokens of a prompt are left out when a vector is made of those of a text. */
export const excludesPrompt = (sentence: SentenceConfig | undefined): boolean =>
  sentence?.modules.some((module) => module.type === 'Pooling' && !module.include_prompt) ?? false;

const writesVectors = (module: SentenceModule): boolean =>
  !('module_output_name' in module) || module.module_output_name === 'sentence_embedding';

/** The modules up to the last that does more to vectors than scale them. */
export const withoutScaling = ({ modules }: SentenceConfig): readonly SentenceModule[] =>
  modules.slice(0, 1 + modules.findLastIndex((module) => !['Normalize', 'Dropout'].includes(module.type) && writesVectors(module)));

/** Whether vectors have length 1 already. */
export const isNormalized = (sentence: SentenceConfig | undefined): boolean =>
  sentence?.modules.slice(withoutScaling(sentence).length).some((module) => module.type === 'Normalize' && writesVectors(module)) ?? false;

/** The option that makes vectors of length 1, left out where they are so already, so that their bits stay as they are. */
export const scaledToOne = (sentence: SentenceConfig | undefined, truncate_dim?: number): { normalize?: true } => {
  const isCut = truncate_dim !== undefined || (sentence?.truncate_dim ?? null) !== null;
  return isNormalized(sentence) && !isCut ? {} : { normalize: true };
};
