import { TraceletError } from '../error.ts';
import { describe } from '../json.ts';
import { isMap } from '../realm.ts';
import { Lookup } from './lookup.ts';

/** Tokens in the order of their ids, or ids by token. */
export type VocabSource = readonly string[] | ReadonlyMap<string, number> | Readonly<Record<string, number>>;

/** A checked vocabulary: every id from 0 to `tokens.length` once, every token once. */
export interface Vocab {
  tokens: readonly string[];
  lookup: Lookup;
}

const SUSPECT = /[\r\n\ud800-\udfff]/;
const UNREADABLE = /[\r\n]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** The lines of a `vocab.txt`; line n holds the token with id n. */
export function parseVocab(text: string): string[] {
  const lines = text.split(text.includes('\r') ? /\r?\n/ : '\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Checks `source` and indexes it both ways. */
export function indexVocab(source: VocabSource): Vocab {
  if (typeof source !== 'object' || source === null)
    throw new TraceletError('config', { what: 'vocab', expected: 'an array, Map or object of tokens', got: describe(source) });
  const tokens = Array.isArray(source) ? (source as readonly string[]) : byId(source as Exclude<VocabSource, readonly string[]>);
  if (tokens.length === 0) throw new TraceletError('config', { what: 'vocab', expected: 'at least one token', got: 'none' });
  const lookup = new Lookup(tokens);
  for (let id = 0; id < tokens.length; id++) {
    const token = tokens[id];
    if (typeof token !== 'string') throw new TraceletError('config', { what: `vocab[${id}]`, expected: 'a string', got: describe(token) });
    const before = lookup.add(id);
    if (before !== undefined)
      throw new TraceletError('config', {
        what: `vocab entry ${JSON.stringify(token)}`,
        expected: 'each token once',
        got: `it as id ${before} and id ${id}`,
        cure: 'Remove the duplicate, or give the unused one another name',
      });
    if (SUSPECT.test(token) && UNREADABLE.test(token))
      throw new TraceletError('config', {
        what: `vocab[${id}]`,
        expected: 'a token of whole characters without line breaks',
        got: JSON.stringify(token),
      });
  }
  return { tokens, lookup };
}

function byId(source: ReadonlyMap<string, number> | Readonly<Record<string, number>>): string[] {
  const entries = isMap(source) ? ([...source] as [string, number][]) : Object.entries(source as Record<string, number>);
  const tokens = new Array<string | undefined>(entries.length);
  for (const [token, id] of entries) {
    const wrong = !Number.isInteger(id) || id < 0 || id >= entries.length;
    if (wrong || tokens[id] !== undefined)
      throw new TraceletError('config', {
        what: `vocab entry ${JSON.stringify(token)}`,
        expected: `an id from 0 to ${entries.length - 1} of its own`,
        got: wrong ? describe(id) : `${id}, which ${JSON.stringify(tokens[id])} has`,
      });
    tokens[id] = token;
  }
  return tokens as string[];
}
