import { describe, expect, test } from 'vitest';
import { PreTrainedTokenizerFast, type TokenizerFiles } from '../../src/tokenizer/index.ts';
import { problem } from '../support/tiny.ts';

const JSON_OF = { model: { type: 'WordLevel', vocab: { a: 0, b: 1 }, unk_token: 'a' }, pre_tokenizer: { type: 'Whitespace' } };
const made = (changes: object = {}, options: object = {}): PreTrainedTokenizerFast =>
  new PreTrainedTokenizerFast({ tokenizer_object: { ...JSON_OF, ...changes }, ...options });

const nested = (levels: number): unknown => (levels ? [nested(levels - 1)] : 0);

describe('a tokenizer.json', () => {
  test.each([{}, { tokenizer_object: null }])('has to be there: %j', async (options) => {
    const { message } = await problem('config', () => new PreTrainedTokenizerFast(options as never));
    expect(message).toMatch(/^PreTrainedTokenizerFast: expected \{ tokenizer_object \}/);
  });

  test('may have parts in 200 levels', async () => {
    expect(made({ more: nested(199) }).encode('b')).toEqual([1]);
    await problem('format', () => made({ more: nested(200) }));
  });

  test.each([
    ['a', [], 0],
    ['b', [], 1],
    ['<pad>', [{ content: '<pad>', special: true }], 2],
  ])('pads with %s if it has such a token', (pad_token, added_tokens, id) => {
    const tokenizer = made({ padding: { pad_token }, added_tokens });
    expect([tokenizer.pad_token, tokenizer.pad_token_id]).toEqual([pad_token, id]);
  });

  test.each(['<pad>', 5, null])('does not pad with %j, which is none of its tokens', async (pad_token) => {
    await problem('config', () => made({ padding: { pad_token } }).pad_token);
  });

  test.each([
    [[], undefined, ['<', '?', '>'], '<?>'],
    [[{ content: '?' }], undefined, ['<', '?', '>'], '<?>'],
    [[{ content: '?', special: true }], '?', ['<', '?', '>'], '<>'],
  ])('what stands for unknown words is special where added_tokens says so: %j', (added_tokens, unk_token, tokens, decoded) => {
    const model = { type: 'WordLevel', vocab: { '?': 0, '<': 1, '>': 2 }, unk_token: '?' };
    const pre_tokenizer = { type: 'Split', pattern: { Regex: '.' }, behavior: 'Isolated', invert: false };
    const tokenizer = made({ model, pre_tokenizer, decoder: { type: 'Fuse' }, added_tokens });
    expect(tokenizer.special_tokens_map.unk_token).toBe(unk_token);
    expect(tokenizer.tokenize('<x>')).toEqual(tokens);
    expect(tokenizer.decode([1, 0, 2], { skip_special_tokens: true })).toBe(decoded);
  });

  test.each([
    [
      [{ content: '  ', lstrip: true, rstrip: true }],
      'a    b',
      [
        [0, 1],
        [1, 5],
        [5, 6],
      ],
    ],
    [
      [{ content: '  ', rstrip: true }],
      'a    b',
      [
        [0, 1],
        [1, 5],
        [3, 5],
        [5, 6],
      ],
    ],
    [
      [
        { content: 'é', rstrip: true },
        { content: ' x', lstrip: true },
      ],
      'é xy',
      [
        [0, 2],
        [2, 3],
        [3, 4],
      ],
    ],
    [
      [{ content: 'é', rstrip: true }, { content: ' x' }],
      'é xy',
      [
        [0, 2],
        [1, 3],
        [3, 4],
      ],
    ],
    [
      [
        { content: 'é', rstrip: true },
        { content: ' ', lstrip: true },
      ],
      'é y',
      [
        [0, 2],
        [2, 3],
      ],
    ],
  ])('an added token with lstrip begins behind what one before it took: %j in %j', (added, text, offsets) => {
    const tokenizer = made({ added_tokens: added.map((token) => ({ ...token, normalized: false })) });
    const { offset_mapping } = tokenizer.encode_plus(text, null, { return_offsets_mapping: true });
    expect(offset_mapping).toEqual(offsets);
  });

  test('added tokens that the vocabulary has have its ids', () => {
    expect(made({ added_tokens: [{ content: 'a' }, { content: 'c' }, { content: 'b', id: 1 }] }).encode('abc')).toEqual([0, 1, 2]);
  });
});

describe('its files', () => {
  const filesOf = (tokenizer: PreTrainedTokenizerFast) =>
    Object.fromEntries(Object.entries(tokenizer.files()).map(([name, text]) => [name, JSON.parse(text)]));

  test('name the class and the version, and no limit where there is none', () => {
    const files = filesOf(made());
    expect(files['tokenizer_config.json'].tokenizer_class).toBe('PreTrainedTokenizerFast');
    expect(files['tokenizer_config.json']).not.toHaveProperty('model_max_length');
    expect(files['tokenizer_config.json']).not.toHaveProperty('extra_special_tokens');
    expect(files['tokenizer.json']).toMatchObject({ version: '1.0', ...JSON_OF });
    expect(filesOf(made({}, { model_max_length: 7 }))['tokenizer_config.json'].model_max_length).toBe(7);
  });

  test('have added tokens in the order of their ids, which they keep', () => {
    for (const ids of [
      [3, 2],
      [9, 5],
    ]) {
      // biome-ignore format: one row
      const tokenizer = made({}, { added_tokens: [{ content: 'y', id: ids[0] }, { content: 'x', id: ids[1], special: true }] }); // biome-ignore format: one row
      const again = PreTrainedTokenizerFast.from_files(tokenizer.files() as TokenizerFiles);
      expect(again.convert_tokens_to_ids(['x', 'y'])).toEqual([ids[1], ids[0]]);
      expect(again.decode([ids[1], 1], { skip_special_tokens: true })).toBe('b');
    }
    const { 'tokenizer.json': json } = filesOf(made({}, { added_tokens: [{ content: 'y', id: 3 }, { content: 'x', id: 2 }] })); // biome-ignore format: one row
    expect(json.added_tokens.map(({ content }: { content: string }) => content)).toEqual(['x', 'y']);
  });
});
