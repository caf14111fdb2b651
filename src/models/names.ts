const isWithin = (whole: string, part: string): boolean => whole.endsWith(`.${part}`) && !whole.slice(0, -part.length - 1).includes('.');

/** Those of `names` that may be the parameter `name`, which a model with a head has under a prefix and the base model has without. */
export const spellingsAmong = (names: ReadonlySet<string>, name: string): string[] =>
  names.has(name) ? [name] : [...names].filter((other) => isWithin(other, name) || isWithin(name, other));
