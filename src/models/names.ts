const PREFIX = 'bert.';

/** A name without the prefix of the family. */
export const withoutPrefix = (name: string): string => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name);

/** The names under which files may hold a parameter: its own, and that with or without the prefix of the family. */
export const spellingsOf = (name: string): [own: string, other: string] => [
  name,
  name.startsWith(PREFIX) ? withoutPrefix(name) : PREFIX + name,
];
