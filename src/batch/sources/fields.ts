import { TraceletError } from '../../base/error.ts';
import { didYouMean } from '../../base/nearest.ts';
import { NAMED, type OptionTable, SIGNAL } from '../../base/options.ts';
import { type BatchRecord, proveId, proveText } from '../record.ts';

/** Where in the rows of a file texts and ids are. */
export interface Fields {
  /** `text` unless given. */
  text?: string;
  /** That of a second text, for models of pairs. */
  pair?: string;
  /** `id` unless given; a row that has none gets the hash of its text. */
  id?: string;
  /** Ends the reading. */
  signal?: AbortSignal;
}

export const FIELDS: OptionTable<Fields> = { text: NAMED, pair: NAMED, id: NAMED, signal: SIGNAL };

/** The text of a row that messages call `what`, with its id where it has one. Throws `value` errors. */
export function recordOf(row: Readonly<Record<string, unknown>>, { text = 'text', pair, id }: Fields, what: string): BatchRecord {
  const [first, second] = [text, pair].map((name) => (name === undefined ? undefined : fieldOf(row, name, what)));
  const given = id === undefined ? row.id : fieldOf(row, id, what);
  const input = proveText(pair === undefined ? first : [first, second], `${what}: ${[text, pair].filter(Boolean).join(', ')}`);
  return given === undefined || given === null ? { text: input } : { id: proveId(given, `${what}: ${id ?? 'id'}`), text: input };
}

function fieldOf(row: Readonly<Record<string, unknown>>, name: string, what: string): unknown {
  if (Object.hasOwn(row, name)) return row[name];
  const names = Object.keys(row);
  throw new TraceletError('value', {
    what,
    expected: `a field ${name}`,
    got: names.length ? `only ${names.slice(0, MOST_LISTED).join(', ')}` : 'no fields',
    cure: didYouMean(name, names) ?? 'Say where texts are with the option text',
  });
}

const MOST_LISTED = 8;
