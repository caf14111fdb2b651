import { TraceletError } from '../base/error.ts';
import { describe, isObject, type JsonObject } from '../base/json.ts';
import type { AddedToken } from './added.ts';
import { addedToken } from './roles.ts';
import type { Side } from './sequence.ts';

/** What added tokens of tokenizer.json are compared with. */
export interface Ids {
  has(token: string): boolean;
  isTaken(id: number): boolean;
  /** Behind the greatest. */
  end: number;
}

/** Ids come in the order of the list, as in the Rust tokenizers; but an id that contradicts the vocabulary is kept, to be refused. */
export function addedTokens(list: unknown, ids: Ids): AddedToken[] {
  if (list !== undefined && list !== null && !Array.isArray(list))
    throw new TraceletError('format', { what: 'added_tokens of tokenizer.json', expected: 'an array of tokens', got: describe(list) });
  const behind = new Map<string, number>();
  let next = ids.end;
  return (list ?? []).map((value: unknown, i: number) => {
    const token = addedToken(`added_tokens[${i}] of tokenizer.json`, value);
    if (ids.has(token.content) || ids.isTaken(token.id as number)) return token;
    const id = behind.get(token.content) ?? next++;
    behind.set(token.content, id);
    return { ...token, id };
  });
}

export function setting(json: JsonObject, name: string): JsonObject {
  if (json[name] === undefined || json[name] === null) return {};
  if (isObject(json[name])) return json[name];
  throw new TraceletError('format', { what: `${name} of tokenizer.json`, expected: 'a JSON object', got: describe(json[name]) });
}

/** The side on which tokenizer.json cuts or pads, where it says so. */
export function sideIn(json: JsonObject, name: 'padding' | 'truncation'): Side | undefined {
  const { direction } = setting(json, name);
  if (direction === undefined || direction === null) return undefined;
  if (direction === 'Left' || direction === 'Right') return direction.toLowerCase() as Side;
  throw new TraceletError('format', {
    what: `${name}.direction of tokenizer.json`,
    expected: '"Left" or "Right"',
    got: describe(direction),
  });
}
