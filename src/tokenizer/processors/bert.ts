import { kind } from '../../base/schema.ts';
import { type Fields, field } from '../fields.ts';
import type { IdOf, PostProcessor } from '../interfaces.ts';
import type { Filler } from '../row.ts';
import { specialToken } from './special.ts';

/** `[CLS] A [SEP]`, and `[CLS] A [SEP] B [SEP]` with B of type 1. */
export function bertProcessor(cls: Filler, sep: Filler): PostProcessor {
  const single = [
    { token: cls, type: 0 },
    { sequence: 0, type: 0 },
    { token: sep, type: 0 },
  ] as const;
  return { single, pair: [...single, { sequence: 1, type: 1 }, { token: sep, type: 1 }] };
}

const NAMED = kind<readonly [token: string, id: number]>(
  'a token and its id',
  (value) => Array.isArray(value) && value.length === 2 && typeof value[0] === 'string',
);

/** The tokens that begin a row and end a text. */
export const readFrame = (fields: Fields): ((idOf: IdOf) => [cls: Filler, sep: Filler]) => {
  const [cls, sep] = [field(fields, 'cls', NAMED), field(fields, 'sep', NAMED)];
  return (idOf) => [specialToken(...cls, idOf), specialToken(...sep, idOf)];
};

export const readBertProcessing = (fields: Fields): ((idOf: IdOf) => PostProcessor) => {
  const frame = readFrame(fields);
  return (idOf) => bertProcessor(...frame(idOf));
};
