const isWithin = (whole: string, part: string): boolean => whole.endsWith(`.${part}`) && !whole.slice(0, -part.length - 1).includes('.');

/** Those of `names` that may be the parameter `name`: a model calls it so, the class around that model with a prefix, or the other way round. */
export const spellingsAmong = (names: ReadonlySet<string>, name: string): string[] =>
  names.has(name) ? [name] : [...names].filter((other) => isWithin(other, name) || isWithin(name, other));
