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
const BREAK = /[\r\n]/;
const SURROGATE = /[\ud800-\udfff]/;
const HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

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

/** The ids by their tokens. */
export const idsByToken = ({ tokens }: Vocab): Record<string, number> =>
  Object.fromEntries(tokens.flatMap((token, id) => (token === undefined ? [] : [[token, id]])));

/** Ids of the tokens that stand for each byte, -1 where there is none. */
export const byteTokens = ({ lookup }: Vocab): number[] =>
  Array.from({ length: 256 }, (_, byte) => lookup.find(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`));

/** Checks `source` and indexes it both ways. Of a token that is given twice the last id counts. `asLines`: each can be a line of a vocab.txt. */
export function indexVocab(source: VocabSource, asLines = false): Vocab {
  if (typeof source !== 'object' || source === null)
    throw new TraceletError('config', { what: 'vocab', expected: 'an array, Map or object of tokens', got: describe(source) });
  const tokens = Array.isArray(source) ? [...(source as readonly string[])] : byId(source as Exclude<VocabSource, readonly string[]>);
  if (tokens.length === 0) throw new TraceletError('config', { what: 'vocab', expected: 'at least one token', got: 'none' });
  const lookup = new Lookup(tokens);
  let size = 0;
  for (let id = 0; id < tokens.length; id++) {
    const token = tokens[id];
    if (token === undefined && !Array.isArray(source)) continue;
    checkToken(token, id, asLines);
    const before = lookup.add(id);
    if (before === undefined) size++;
    else tokens[before] = undefined;
  }
  return { tokens, size, lookup };
}

function checkToken(token: unknown, id: number, asLine: boolean): void {
  const what = `vocab[${id}]`;
  if (typeof token !== 'string') throw new TraceletError('config', { what, expected: 'a string', got: describe(token) });
  if (SURROGATE.test(token) && HALF.test(token))
    throw new TraceletError('config', { what, expected: 'a token of whole characters', got: describe(token) });
  if (asLine && BREAK.test(token))
    throw new TraceletError('config', { what, expected: 'a token without line breaks', got: describe(token) });
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
