import { type Fields, flag, text } from '../fields.ts';
import type { Decoder } from '../interfaces.ts';
import { closeUp } from './wordpiece.ts';

/** Tokens of one moment each, as models of speech give them: repeated ones count once, and padding goes. */
export const readCTC = (fields: Fields): Decoder => {
  const [pad, space] = [text(fields, 'pad_token', '<pad>'), text(fields, 'word_delimiter_token', '|')];
  const cleans = flag(fields, 'cleanup', true);
  return (tokens) =>
    tokens
      .filter((token, i) => token !== tokens[i - 1])
      .map((token) => token.replaceAll(pad, ''))
      .map((token) => (cleans ? closeUp(token).replaceAll(space, ' ') : token))
      .filter((token) => token !== '');
};
