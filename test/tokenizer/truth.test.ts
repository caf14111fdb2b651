import { describe, expect, test } from 'vitest';
import { PreTrainedTokenizerFast } from '../../src/tokenizer/index.ts';
import { type EncodingCase, expectEncoding, sidedBy } from '../support/encodings.ts';
import { NAMES, tokenizerTruth } from '../support/tokenizertruth.ts';

describe.each(NAMES)('%s agrees with the Rust tokenizers', (name) => {
  const { json, lines } = tokenizerTruth(name);
  const tokenizer = PreTrainedTokenizerFast.from_files({ 'tokenizer.json': json });
  const saved = tokenizer.files();
  const cases = lines.map((line) => JSON.parse(line) as EncodingCase);

  test(`on ${cases.length} texts: every column of every row`, () => {
    const sided = sidedBy(saved['tokenizer.json']);
    for (const one of cases) expectEncoding(sided, one);
  });

  test('and on what ids decode to', () => {
    const again = PreTrainedTokenizerFast.from_files(saved);
    const decoded = cases.filter((each) => each.decoded !== undefined);
    expect(decoded.length).toBeGreaterThan(100);
    for (const { ids, ...right } of decoded) {
      expect(tokenizer.decode(ids, { skip_special_tokens: true })).toBe(right.decoded);
      expect(again.decode(ids)).toBe(right.decoded_raw);
    }
  });
});
