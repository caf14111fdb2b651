import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import type { CheckpointSource } from '../formats/checkpoint.ts';
import { CLASSES } from './classes.ts';
import type { ModelClass, PreTrainedModel, PreTrainedOptions } from './pretrained.ts';
import { SentenceEmbedder } from './sentence/embedder.ts';

/** Every architecture by its name in config.json. */
export const ARCHITECTURES = { ...CLASSES, SentenceEmbedder } as const;

/** The name of an architecture. */
export type Architecture = keyof typeof ARCHITECTURES;

/** The class of some architecture. */
export interface AnyModelClass extends ModelClass<PreTrainedModel> {
  from_pretrained(source: CheckpointSource, options?: PreTrainedOptions): Promise<PreTrainedModel>;
}

/** The class of an architecture. Throws a `config` error that lists those known. */
export function architecture(name: string): AnyModelClass {
  if (typeof name !== 'string' || !Object.hasOwn(ARCHITECTURES, name))
    throw new TraceletError('config', {
      what: 'architecture',
      expected: `one of ${Object.keys(ARCHITECTURES).join(', ')}`,
      got: describe(name),
    });
  return ARCHITECTURES[name as Architecture] as unknown as AnyModelClass;
}
