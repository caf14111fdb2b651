import { isObject } from '../base/json.ts';

type Raw = Record<string, unknown>;

const OPS: Readonly<Record<string, string>> = { unpack: 'scatter', pack: 'panels' };

/** A name that version 3 has for itself is no symbol of a file any more: files of version 2 that use it do not load. */
const SYMBOLS: Readonly<Record<string, string>> = { rows: 'tokens', tokens: 'tokens of version 2' };

const renamed = (names: Readonly<Record<string, string>>, name: unknown): unknown =>
  typeof name === 'string' && Object.hasOwn(names, name) ? names[name] : name;

const each = (items: unknown, change: (item: Raw) => Raw): unknown =>
  Array.isArray(items) ? items.map((item) => (isObject(item) ? change(item) : item)) : items;

const dimOf = (dim: unknown): unknown =>
  Array.isArray(dim) ? dim.map((term) => (Array.isArray(term) ? term.map((name) => renamed(SYMBOLS, name)) : term)) : dim;

const dimsOf = (dims: unknown): unknown => (Array.isArray(dims) ? dims.map(dimOf) : dims);

/** A program as version 2 of the format writes it, in the words of version 3. What is none of either is left as it is. */
export function fromVersion2({ derived, ...raw }: Raw): Raw {
  return {
    ...raw,
    ops: Array.isArray(raw.ops) ? raw.ops.map((name) => renamed(OPS, name)) : raw.ops,
    values: each(raw.values, ({ dims, ...value }) => (dims === undefined ? value : { ...value, dims: dimsOf(dims) })),
    constants: each(raw.constants, ({ layout, ...constant }) => ({ ...constant, layout: layout === 'packed' ? 'panels' : layout })),
    hostValues: each(derived, ({ packed, grid, ...value }) => ({ ...value, masked: packed, grid: dimsOf(grid) })),
    words: each(raw.words, ({ dim, ...word }) => ({ ...word, dim: dimOf(dim) })),
  };
}
