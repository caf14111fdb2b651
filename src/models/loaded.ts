import { TraceletError } from '../base/error.ts';
import type { FamilyClass } from './classes.ts';

let classes: Readonly<Record<string, FamilyClass>> | undefined;

/** Says that the classes of all families are there. */
export function loaded<Classes extends object>(all: Classes): Classes {
  classes = all as unknown as Readonly<Record<string, FamilyClass>>;
  return all;
}

/** Heads of classes that make vectors of texts: the encoder of a family, where it has one apart from its base model. */
export const ENCODERS = ['ForTextEncoding', 'Model'] as const;

/** The heads of classes that stand for `head`, `Model` being none, the first that a family has before the others. */
export const headsFor = (head: string): readonly [string, ...string[]] => (head === 'Model' ? ENCODERS : [head]);

/** The encoder of a family, where families are there. Throws a `config` error where a bundle has left them out and none was loaded yet. */
export function baseOf(model_type: string): FamilyClass {
  const its = Object.values(classes ?? {}).filter(({ family }) => family.Config.schema.model_type === model_type);
  const found = ENCODERS.map((wanted) => its.find(({ head }) => head === wanted)).find((Model) => Model !== undefined);
  if (found) return found;
  throw new TraceletError('config', {
    what: `base model of type "${model_type}"`,
    expected: 'a family that is loaded',
    got: 'none',
    cure: 'from_pretrained loads it; to make a model from a config, pass { base: BertModel } or whatever class it is',
  });
}
