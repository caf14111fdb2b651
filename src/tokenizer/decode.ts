/** `tokens` as running text: pieces that begin with `prefix` continue the word before, and punctuation follows without a space, as in the WordPiece decoder of the Rust tokenizers. */
export function joinPieces(tokens: readonly string[], prefix: string): string {
  const parts = tokens.map((token, i) => (i === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`));
  return parts.map(closeUp).join('');
}

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
