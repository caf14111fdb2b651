import { type Fields, flag, text } from '../fields.ts';
import type { Decoder } from '../interfaces.ts';

/** Tokens that begin with `prefix` continue the word before; with `cleanup` punctuation follows without a space. As in the Rust tokenizers. */
export const wordPieceDecoder =
  (prefix: string, cleanup: boolean): Decoder =>
  (tokens) => {
    const parts = tokens.map((token, i) => (i === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`));
    return cleanup ? parts.map(closeUp) : parts;
  };

export const readWordPieceDecoder = (fields: Fields): Decoder =>
  wordPieceDecoder(text(fields, 'prefix', '##'), flag(fields, 'cleanup', true));

const CLOSED_UP = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
] as const;

/** English punctuation and contractions without the spaces before them, as Hugging Face's `clean_up_tokenization`. */
export const closeUp = (text: string): string => CLOSED_UP.reduce((closed, [from, to]) => closed.replaceAll(from, to), text);
