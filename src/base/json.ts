import { shorten, TraceletError } from './error.ts';
import { tagOf } from './realm.ts';

export type JsonObject = Record<string, unknown>;

/** What `text` holds, as JSON.parse reads it: of a key that is given twice the last counts. Throws a `format` error that names `name`. */
export function readJson(text: string, name: string, reviver?: (key: string, value: unknown) => unknown): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch (cause) {
    const got = text.trim() === '' ? 'nothing' : shorten((cause as Error).message.replaceAll(/\s+/g, ' '), QUOTED);
    throw new TraceletError('format', { what: name, expected: 'JSON', got, cause });
  }
}

/**
 * What `text` holds. Takes a byte order mark, and the NaN and Infinity that Python writes. Refuses what JSON.parse lets through: keys given twice,
 * and `__proto__` as a key. `name` is the file in messages.
 */
export function parseJson(text: string, name: string): unknown {
  const json = text.replace(/^\uFEFF/, '');
  const value = /\b(NaN|Infinity)\b/.test(json) ? readJson(marked(json), name, unmarked) : readJson(json, name);
  checkKeys(text, name);
  return value;
}

/** Words that are numbers in Python. */
const WORDS = /(?:-?\bInfinity|\bNaN)\b(?!\s*:)/g;
/** Begins no string of a file: it is no character. */
const MARK = '\uFFFF';

/** `json` with words that are numbers as strings. */
function marked(json: string): string {
  const parts: string[] = [];
  for (let at = 0; at < json.length; ) {
    const found = json.indexOf('"', at);
    const quote = found < 0 ? json.length : found;
    const end = endOfString(json, quote);
    parts.push(json.slice(at, quote).replace(WORDS, `"${MARK}$&"`), json.slice(quote, end));
    at = end;
  }
  return parts.join('');
}

const unmarked = (_: string, value: unknown): unknown =>
  typeof value === 'string' && value.startsWith(MARK) ? Number(value.slice(1)) : value;

/** The object that `text` holds, as {@link parseJson} reads it, or another `read`. */
export function parseObject(text: string, name: string, read: (text: string, name: string) => unknown = parseJson): JsonObject {
  const value = read(text, name);
  if (isObject(value)) return value;
  throw new TraceletError('format', { what: name, expected: 'a JSON object', got: describe(value) });
}

/** Whether it holds values by name: no array, map, date, promise or typed array does. */
export const isObject = (value: unknown): value is JsonObject => tagOf(value) === 'Object';

/** A copy of a value of JSON, of which nothing is shared. */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copyOf(each)])) as T;
}

/** Whether objects and arrays lie within one another deeper than so many levels. */
export const nestsBeyond = (levels: number, value: unknown): boolean =>
  typeof value === 'object' && value !== null && (levels === 0 || Object.values(value).some((each) => nestsBeyond(levels - 1, each)));

/** `value` as messages quote it: short, and shallow enough for a value of any depth. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return shorten(JSON.stringify(value), QUOTED);
  if (Array.isArray(value)) {
    const plain = value.length <= 16 && value.every((element) => typeof element !== 'object' || element === null);
    return plain ? shorten(`[${value.map(describe).join(', ')}]`, QUOTED) : `an array of ${value.length}`;
  }
  if (typeof value === 'object' && value !== null) return describeObject(value);
  return typeof value === 'function' ? 'a function' : String(value);
}

function describeObject(value: object): string {
  const kind = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof kind === 'string' && kind !== 'Object') return `a ${kind}`;
  return Object.keys(value).length ? `an object with ${quoteList(Object.keys(value))}` : 'an empty object';
}

/** Names as messages list them, the first few in full. */
export function quoteList(names: readonly string[]): string {
  const shown = names.slice(0, 5).map(describe).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

/** Characters of a value that messages quote. */
const QUOTED = 120;

function checkKeys(json: string, name: string): void {
  const scopes: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    if (json[at] === '{') scopes.push(new Set());
    else if (json[at] === '}') scopes.pop();
    else if (json[at] === '"') {
      const end = endOfString(json, at);
      if (isKey(json, end)) addKey(scopes[scopes.length - 1], JSON.parse(json.slice(at, end)), name);
      at = end - 1;
    }
  }
}

/** Where a string ends that begins at `start`, behind the end of the text if it never does. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isKey(json: string, after: number): boolean {
  let at = after;
  while (' \t\r\n'.includes(json[at])) at++;
  return json[at] === ':';
}

function addKey(scope: Set<string>, key: string, name: string): void {
  if (scope.has(key)) throw new TraceletError('format', { what: name, expected: 'every key once', got: `${describe(key)} twice` });
  if (key === '__proto__') throw new TraceletError('format', { what: name, expected: 'keys other than "__proto__"', got: '"__proto__"' });
  scope.add(key);
}
