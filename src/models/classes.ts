import { TraceletError } from '../base/error.ts';
import { describe, type JsonObject } from '../base/json.ts';
import { didYouMean } from '../base/nearest.ts';
import type { ConfigClass } from './config.ts';
import type { Family } from './family.ts';
import { loaded } from './loaded.ts';
import type { ModelClass, PreTrainedModel } from './pretrained.ts';
import * as registry from './registry.ts';

/** A class that belongs to a family. */
export interface FamilyClass extends ModelClass<PreTrainedModel> {
  readonly family: Family;
  readonly head: string;
}

type Registry = typeof registry;
export type FamilyClasses = {
  readonly [Name in keyof Registry as Registry[Name] extends { readonly family: Family } ? Name : never]: Registry[Name];
};

const isModel = (value: object): value is FamilyClass => 'family' in value;

/** The classes of all families by name. */
export const CLASSES = loaded(
  Object.fromEntries(Object.entries(registry).filter(([, value]) => isModel(value))),
) as unknown as FamilyClasses;

const classes: readonly FamilyClass[] = Object.values(registry as Record<string, object>).filter(isModel);

/** The name under which a class is known. */
export const nameOf = (Model: FamilyClass): string =>
  Object.keys(registry).find((name) => (registry as Record<string, unknown>)[name] === Model) as string;

const typeOf = ({ family }: FamilyClass): string => family.Config.schema.model_type;

const TYPES = [...new Set(classes.map(typeOf))].sort();

function unknown(what: string, name: unknown, known: readonly string[], cure?: string): TraceletError {
  return new TraceletError('config', {
    what,
    expected: `one of ${known.map(describe).join(', ')}`,
    got: describe(name),
    cure: (typeof name === 'string' ? didYouMean(name, known) : undefined) ?? cure,
  });
}

/**
 * The `model_type` that a config.json states; where it states none, that of the first of its `architectures` that is known. Throws a `config` error
 * for types that are not known, and where neither says anything.
 */
export function typeIn({ model_type, architectures }: Readonly<JsonObject>, what: string): string {
  if (model_type !== undefined && model_type !== null) {
    if (TYPES.includes(model_type as string)) return model_type as string;
    throw unknown(`model_type of ${what}`, model_type, TYPES);
  }
  const stated: unknown[] = Array.isArray(architectures) ? architectures : [];
  const known = stated.find((name) => typeof name === 'string' && Object.hasOwn(CLASSES, name));
  if (known !== undefined) return typeOf(CLASSES[known as keyof FamilyClasses] as FamilyClass);
  throw new TraceletError('config', {
    what: `model_type of ${what}`,
    expected: `one of ${TYPES.map(describe).join(', ')}`,
    got: stated.length > 0 ? `none, and architectures ${describe(stated)}, of which none is known` : 'none, and no architectures',
    cure: 'Write it into the file, or call from_pretrained of the class itself',
  });
}

function membersOf(model_type: string): FamilyClass[] {
  if (TYPES.includes(model_type)) return classes.filter((Model) => typeOf(Model) === model_type);
  throw unknown('model_type of the config', model_type, TYPES);
}

/** The family of a `model_type`. Throws a `config` error for types that are not known. */
export const familyOf = (model_type: string): Family => classWith(model_type, 'Model').family;

/** The configuration's class that a config.json chooses. */
export const configClassIn = (dict: Readonly<JsonObject>, what: string): ConfigClass => familyOf(typeIn(dict, what)).Config;

/** The class of a family with the first of these heads that it has, `Model` for none. Throws a `config` error for a type or head that is not known. */
export function classWith(model_type: string, ...heads: readonly [head: string, ...others: string[]]): FamilyClass {
  const members = membersOf(model_type);
  const found = heads.map((head) => members.find((Model) => Model.head === head)).find((Model) => Model !== undefined);
  if (found) return found;
  throw unknown(
    `head of a model of type ${model_type}`,
    heads[0],
    members.map((Model) => Model.head),
  );
}

/** All heads that some family has. */
export const HEADS: readonly string[] = [...new Set(classes.map(({ head }) => head))];
