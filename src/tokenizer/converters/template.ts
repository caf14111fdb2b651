import type { JsonObject } from '../../base/json.ts';
import type { IdOf } from '../interfaces.ts';

/**
 * The TemplateProcessing that a text such as `[CLS] $A [SEP] $B:1 [SEP]:1` describes: `$A` and `$B` are the texts, numbers behind a colon types.
 * Both templates, for one text and for two.
 */
export function templateJson(single: string, pair: string, idOf: IdOf): JsonObject {
  const places = (template: string) =>
    template.split(' ').map((place) => {
      const [, name, type = '0'] = place.match(/^(.*?)(?::(\d))?$/) as RegExpMatchArray;
      const [kind, id] = name.startsWith('$') ? ['Sequence', name.slice(1)] : ['SpecialToken', name];
      return { [kind]: { id, type_id: Number(type) } };
    });
  const names = new Set([...places(single), ...places(pair)].flatMap(({ SpecialToken: special }) => special?.id ?? []));
  const known = [...names].filter((id) => idOf(id) !== undefined);
  const special = known.map((id) => [id, { id, ids: [idOf(id)], tokens: [id] }]);
  return { type: 'TemplateProcessing', single: places(single), pair: places(pair), special_tokens: Object.fromEntries(special) };
}
