import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { warn } from '../base/warn.ts';
import type { Row } from '../text/encode.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';

/** What tells texts of one role from others: a token behind their first, or words before them where the vocabulary has no such token. */
export interface Marker {
  id?: number;
  words: string;
}

/** Of a tokenizer without such a token nothing. */
export function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof TraceletError) return undefined;
    throw error;
  }
}

/** The id of a word, if it is a token. */
export function tokenId(tokenizer: PreTrainedTokenizerFast, word: string): number | undefined {
  const [id = null] = tokenizer.convert_tokens_to_ids([word]);
  const unknown = unlessMissing(() => tokenizer.unk_token_id);
  return id !== null && (id !== unknown || word === unlessMissing(() => tokenizer.unk_token)) ? id : undefined;
}

/** What a marker of a folder is: a token, its first word as one with the rest as text, or text alone, which the console tells. */
export function markerOf(tokenizer: PreTrainedTokenizerFast, text: string): Marker {
  const [first = text] = text.match(/\S+/) ?? [];
  for (const token of [text, first]) {
    const id = tokenId(tokenizer, token);
    if (id !== undefined) return { id, words: token === text ? '' : text.slice(text.indexOf(first) + first.length) };
  }
  warn(
    `the marker ${describe(text)} of the folder is no token of its tokenizer: it stands before texts as words, as in sentence-transformers`,
  );
  return { words: text };
}

/** A row with `id` behind its first token. */
export function marked(row: Row, id: number): Row {
  const inserted = (values: Int32Array, value: number): Int32Array => {
    const at = Math.min(1, values.length);
    const longer = new Int32Array(values.length + 1);
    longer.set(values.subarray(0, at));
    longer[at] = value;
    longer.set(values.subarray(at), at + 1);
    return longer;
  };
  return { ...row, ids: inserted(row.ids, id), types: row.types && inserted(row.types, 0) };
}
