import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { didYouMean } from '../base/nearest.ts';
import { type Holder, heldBy } from '../traced/holder.ts';
import type { QueueLimits, QueueWatch } from './asking.ts';
import { Fault } from './fault.ts';
import { ABILITIES, type Ability, ServedModel } from './model.ts';
import type { Models } from './models.ts';

/** The name of what is served by itself. */
const ALONE = 'model';

/** Whether it is made of names, which may be those of any property. */
const isByName = (models: object): boolean => {
  const type = Object.getPrototypeOf(models);
  return type === null || Object.getPrototypeOf(type) === null;
};
/** Whether one thing is to be served, which has no name. */
export const isOne = (models: unknown): models is Holder => heldBy(models) !== undefined && !isByName(models as object);

/** The models that are served. */
export class Registry {
  readonly models: readonly ServedModel[];

  /** Throws `value` errors for what cannot be served. */
  constructor(given: Models, limits: QueueLimits, watch: QueueWatch) {
    const byName = isOne(given) ? { [ALONE]: given } : given;
    if (!isObject(byName) || Object.keys(byName).length === 0)
      throw new TraceletError('value', { what: 'models', expected: 'a trace, or traces by name', got: describe(given) });
    this.models = Object.entries(byName).map(([name, model]) => new ServedModel(name, model, limits, watch));
  }

  /** What each can be asked, by name. */
  abilities(): Record<string, readonly Ability[]> {
    const all = Object.keys(ABILITIES) as Ability[];
    return Object.fromEntries(this.models.map((model) => [model.name, all.filter((ability) => model.outputFor(ability) !== undefined)]));
  }

  /** Those that can be asked this. */
  able(ability: Ability): readonly ServedModel[] {
    return this.models.filter((model) => model.outputFor(ability) !== undefined);
  }

  /**
   * The one that answers: by its name where there are several that can, and whatever the name where there is one. Throws a fault where none can,
   * and for names of none of several.
   */
  find(ability: Ability, name?: string): ServedModel {
    const able = this.able(ability);
    if (able.length === 0) throw new Fault('backend', `model is not ${ABILITIES[ability]}`);
    if (able.length === 1 || name === undefined) return able[0];
    return namedIn(able, name);
  }

  /** The one of this name. Throws a fault where there is none. */
  named(name: string): ServedModel {
    return namedIn(this.models, name);
  }
}

function namedIn(models: readonly ServedModel[], name: string): ServedModel {
  const named = models.find((model) => model.name === name);
  if (named) return named;
  const names = models.map((model) => model.name);
  const cure = didYouMean(name, names) ?? `It is one of ${names.join(', ')}`;
  throw new Fault('missing', `The model ${describe(name)} does not exist. ${cure}`, { param: 'model', code: 'model_not_found' });
}
