import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { isMap } from '../base/realm.ts';
import { Lookup } from './lookup.ts';

/** Tokens in the order of their ids, or ids by token. */
export type VocabSource = readonly string[] | ReadonlyMap<string, number> | Readonly<Record<string, number>>;

/** A checked vocabulary: a token has one id, an id one token or none. */
export interface Vocab {
  /** By id; undefined where no token has it. */
  tokens: readonly (string | undefined)[];
  /** How many tokens there are. */
  size: number;
  lookup: Lookup;
}

const MAX_ID = 2 ** 21 - 1;
const SUSPECT = /[\r\n\ud800-\udfff]/;
const UNREADABLE = /[\r\n]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** The lines of a `vocab.txt`; line n holds the token with id n. */
export function parseVocab(text: string): string[] {
  const lines = text.split(text.includes('\r') ? /\r?\n/ : '\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The text that {@link parseVocab} and transformers read so. The last of equal lines counts, so one that repeats the last token holds none. */
export function formatVocab({ tokens }: Vocab): string {
  const last = tokens.at(-1);
  return Array.from(tokens, (token) => `${token ?? last}\n`).join('');
}

/** Checks `source` and indexes it both ways. Of a token that is given twice the last id counts. */
export function indexVocab(source: VocabSource): Vocab {
  if (typeof source !== 'object' || source === null)
    throw new TraceletError('config', { what: 'vocab', expected: 'an array, Map or object of tokens', got: describe(source) });
  const tokens = Array.isArray(source) ? [...(source as readonly string[])] : byId(source as Exclude<VocabSource, readonly string[]>);
  if (tokens.length === 0) throw new TraceletError('config', { what: 'vocab', expected: 'at least one token', got: 'none' });
  const lookup = new Lookup(tokens);
  let size = 0;
  for (let id = 0; id < tokens.length; id++) {
    const token = tokens[id];
    if (token === undefined && !Array.isArray(source)) continue;
    checkToken(token, id);
    const before = lookup.add(id);
    if (before === undefined) size++;
    else tokens[before] = undefined;
  }
  return { tokens, size, lookup };
}

function checkToken(token: unknown, id: number): void {
  const what = `vocab[${id}]`;
  if (typeof token !== 'string') throw new TraceletError('config', { what, expected: 'a string', got: describe(token) });
  if (SUSPECT.test(token) && UNREADABLE.test(token))
    throw new TraceletError('config', { what, expected: 'a token of whole characters without line breaks', got: describe(token) });
}

function byId(source: ReadonlyMap<string, number> | Readonly<Record<string, number>>): (string | undefined)[] {
  const entries = isMap(source) ? (source as ReadonlyMap<string, number>) : Object.entries(source as Record<string, number>);
  const tokens: (string | undefined)[] = [];
  for (const [token, id] of entries) {
    const wrong = !Number.isInteger(id) || id < 0 || id > MAX_ID;
    if (wrong || tokens[id] !== undefined)
      throw new TraceletError('config', {
        what: `vocab entry ${describe(token)}`,
        expected: wrong ? `an id from 0 to ${MAX_ID}` : 'an id of its own',
        got: wrong ? describe(id) : `${id}, which ${describe(tokens[id])} has`,
      });
    tokens[id] = token;
  }
  return tokens;
}
