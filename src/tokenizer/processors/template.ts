import { TraceletError } from '../../base/error.ts';
import { describe, isObject } from '../../base/json.ts';
import type { Fields } from '../fields.ts';
import type { IdOf, Place, PostProcessor } from '../interfaces.ts';
import { specialToken } from './special.ts';

export const readTemplateProcessing =
  (fields: Fields) =>
  (idOf: IdOf): PostProcessor => ({ single: places(fields, 'single', ['A'], idOf), pair: places(fields, 'pair', ['A', 'B'], idOf) });

/** The places of a template in which each of `texts` may stand. */
function places(fields: Fields, key: string, texts: readonly string[], idOf: IdOf): Place[] {
  const template = fields.json[key];
  if (!Array.isArray(template)) throw wrong(`${key} of ${fields.name}`, template);
  return template.flatMap((piece, i): Place[] => {
    const { SpecialToken: special, Sequence: sequence } = isObject(piece) ? piece : {};
    const { id, type_id: type } = (special ?? sequence ?? {}) as { id?: unknown; type_id?: unknown };
    const isPlace = typeof id === 'string' && Number.isInteger(type) && (special || texts.includes(id));
    if (!isPlace) throw wrong(`${key}[${i}] of ${fields.name}`, piece);
    if (special) return tokensOf(fields, id, idOf).map((token) => ({ token, type: type as number }));
    return [{ sequence: id === 'A' ? 0 : 1, type: type as number }];
  });
}

/** The tokens that a name in a template stands for: those listed under it, or the one of that name. */
function tokensOf({ json }: Fields, name: string, idOf: IdOf) {
  const { special_tokens: listed } = json;
  const special = isObject(listed) ? listed[name] : undefined;
  const { ids, tokens = [name] } = (isObject(special) ? special : {}) as { ids?: unknown; tokens?: unknown };
  if (!Array.isArray(ids)) return [specialToken(name, undefined, idOf)];
  const named = Array.isArray(tokens) && tokens.length === ids.length ? tokens : [name];
  return named.map((token, i) => specialToken(String(token), ids.length === named.length ? ids[i] : ids, idOf));
}

const wrong = (what: string, got: unknown): TraceletError =>
  new TraceletError('format', { what, expected: 'Sequence A, B in pairs, or SpecialToken, each with id and type_id', got: describe(got) });
