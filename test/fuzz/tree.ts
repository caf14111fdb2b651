import type { Random } from './random.ts';

/** JSON as it is written: keys may be given twice, and a leaf is any text. */
export type Tree = { entries: [key: string, value: Tree][] } | { items: Tree[] } | { leaf: string };

export function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) return { items: value.map(treeOf) };
  if (typeof value !== 'object' || value === null) return { leaf: JSON.stringify(value) };
  return { entries: Object.entries(value).map(([key, each]) => [JSON.stringify(key), treeOf(each)]) };
}

export function textOf(tree: Tree): string {
  if ('leaf' in tree) return tree.leaf;
  if ('items' in tree) return `[${tree.items.map(textOf).join(',')}]`;
  return `{${tree.entries.map(([key, value]) => `${key}:${textOf(value)}`).join(',')}}`;
}

const nested = (depth: number, [open, close]: readonly [string, string]): string => open.repeat(depth) + close.repeat(depth);

const ODD_NUMBERS = '0 -0 1 -1 0.5 1.0 1e0 2e1 127 128 255 65536 16777216 16777217 2147483647 2147483648 4294967295 4294967296 -2147483649'
  .split(' ')
  .concat('1e9 1e15 9007199254740991 9007199254740992 1e21 1e308 1e400 -1e400 5e-324 NaN -Infinity 01 +1'.split(' '));
const ODD_TEXTS = [
  '',
  ' ',
  '\0',
  '\n',
  '\ufeff',
  '\u202e',
  '\u{1f600}',
  '__proto__',
  'constructor',
  'length',
  '../x',
  '/',
  '[PAD]',
  '##',
  'x',
]
  .map((text) => JSON.stringify(text))
  .concat('"\\ud800"', '"\\udc00x"', `"${'y'.repeat(5000)}"`, '"unclosed');
const ODD_WHOLES = ['null', 'true', 'false', '[]', '{}', '[[]]', '[null]', '{"a":1}', '{"__proto__":{"x":1}}'].concat(
  nested(100, ['[', ']']),
  nested(3000, ['[', ']']),
  nested(2000, ['{"a":', '}']).replace(':}', ':1}'),
);

/** A value of JSON that is rarely meant, as text. */
export const oddValue = (random: Random): string => random.pick(random.pick([ODD_NUMBERS, ODD_TEXTS, ODD_WHOLES]));

/** A place in a tree, by where it hangs. */
interface Place {
  value: Tree;
  put(tree: Tree): void;
}

/** All places within a tree. */
function placesOf(root: Tree): Place[] {
  const places: Place[] = [];
  const visit = (tree: Tree): void => {
    if ('items' in tree)
      tree.items.forEach((value, i) => {
        places.push({ value, put: (other) => void tree.items.splice(i, 1, other) });
        visit(value);
      });
    else if ('entries' in tree)
      for (const entry of tree.entries) {
        places.push({ value: entry[1], put: (other) => void entry.splice(1, 1, other) });
        visit(entry[1]);
      }
  };
  visit(root);
  return places;
}

const copied = (tree: Tree): Tree => structuredClone(tree);
const isNumber = ({ value }: Place): boolean => 'leaf' in value && /^-?\d/.test(value.leaf);
const isText = ({ value }: Place): boolean => 'leaf' in value && value.leaf.startsWith('"');

const LARGE = ['4096', '65536', '1000000', '16777215', '1000000000', '9007199254740991'];

function otherNumber(leaf: string, random: Random): string {
  const value = Number(leaf);
  if (random.chance(0.2)) return random.pick(LARGE);
  const made = random.pick([value + 1, value - 1, 2 * value, -value, value / 2, value ^ (1 << random.below(31)), value + 0.5]);
  return random.chance(0.8) ? String(made) : random.pick([`${leaf}.0`, `${leaf}e0`, `${leaf}e3`, `-${leaf}`, `0${leaf}`]);
}

function otherText(leaf: string, random: Random): string {
  const text = leaf.slice(1, -1);
  const at = random.below(text.length + 1);
  const odd = random.pick(['a', '.', '/', '\\u0000', '\\ud800', '\\n', '\u00e9', '\u{1f600}', ' ', '#', '"', '\\']);
  return random.pick([
    `"${text.slice(0, at)}${odd}${text.slice(at)}"`,
    `"${text.slice(0, at)}"`,
    `"${text.slice(at)}"`,
    `"${text.toUpperCase()}"`,
    `"${text.repeat(300)}"`,
  ]);
}

type TreeMutator = (places: Place[], random: Random) => void;

const among = (places: Place[], random: Random, fits: (place: Place) => boolean): Place => {
  const fitting = places.filter(fits);
  return random.pick(fitting.length > 0 ? fitting : places);
};
const isFull = ({ value }: Place): boolean =>
  ('items' in value && value.items.length > 0) || ('entries' in value && value.entries.length > 0);
const hasKeys = ({ value }: Place): boolean => 'entries' in value && value.entries.length > 0;
const listOf = ({ value }: Place): unknown[] => ('items' in value ? value.items : 'entries' in value ? value.entries : []);

const TREES: Record<string, TreeMutator> = {
  odd: (places, random) => random.pick(places).put({ leaf: oddValue(random) }),
  number(places, random) {
    const place = among(places, random, isNumber);
    place.put('leaf' in place.value ? { leaf: otherNumber(place.value.leaf, random) } : { leaf: '1' });
  },
  text(places, random) {
    const place = among(places, random, isText);
    place.put('leaf' in place.value ? { leaf: otherText(place.value.leaf, random) } : { leaf: '""' });
  },
  drop(places, random) {
    const list = listOf(among(places, random, isFull));
    list.splice(random.below(list.length), 1);
  },
  double(places, random) {
    const list = listOf(among(places, random, isFull));
    list.splice(random.below(list.length + 1), 0, structuredClone(random.pick(list)));
  },
  exchange(places, random) {
    const [a, b] = [random.pick(places), random.pick(places)];
    const [before, after] = [copied(a.value), copied(b.value)];
    a.put(after);
    b.put(before);
  },
  swap(places, random) {
    const list = listOf(among(places, random, isFull));
    const [i, j] = [random.below(list.length), random.below(list.length)];
    [list[i], list[j]] = [list[j], list[i]];
  },
  ids(places, random) {
    const [a, b] = [among(places, random, isNumber), among(places, random, isNumber)];
    const [before, after] = [a.value, b.value];
    a.put(after);
    b.put(before);
  },
  copy: (places, random) => random.pick(places).put(copied(random.pick(places.slice(1).concat(places[0])).value)),
  rename(places, random) {
    const { value } = among(places, random, hasKeys);
    if (!('entries' in value) || value.entries.length === 0) return;
    const entry = random.pick(value.entries);
    const known = places.flatMap((place) => ('entries' in place.value ? place.value.entries.map(([key]) => key) : []));
    entry[0] = random.chance(0.5) ? random.pick(known) : random.pick(ODD_TEXTS);
  },
  wrap(places, random) {
    const place = random.pick(places);
    place.put(random.chance(0.5) ? { items: [place.value] } : { entries: [[random.pick(ODD_TEXTS), place.value]] });
  },
  turn(places, random) {
    const { value, put } = among(places, random, isFull);
    if ('items' in value) put({ entries: value.items.map((item, i) => [JSON.stringify(String(i)), item]) });
    else if ('entries' in value) put({ items: value.entries.map(([, item]) => item) });
  },
  many(places, random) {
    const place = among(places, random, isFull);
    const item = 'items' in place.value ? random.pick(place.value.items) : undefined;
    if (item && textOf(item).length < 200) place.put({ items: Array(random.pick([17, 400])).fill(item) });
  },
};

/** The JSON of a tree with one thing done to it that keeps it a tree, and what. */
export function mutateTree(root: Tree, random: Random): { tree: Tree; step: string } {
  const holder = { items: [root] };
  const step = random.pick(Object.keys(TREES));
  TREES[step](placesOf(holder), random);
  return { tree: holder.items[0], step };
}

/** `text`, if it is JSON, with some things done to it that know its structure; undefined if it is none. */
export function mutateJson(text: string, random: Random, times = 1): { text: string; steps: string[] } | undefined {
  let tree: Tree;
  try {
    tree = treeOf(JSON.parse(text));
  } catch {
    return undefined;
  }
  const steps: string[] = [];
  for (let i = 0; i < times; i++) {
    const mutated = mutateTree(tree, random);
    tree = mutated.tree;
    steps.push(mutated.step);
  }
  return { text: textOf(tree), steps };
}
