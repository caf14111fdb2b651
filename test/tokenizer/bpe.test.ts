import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BYTE_CHARS, fromByteChars, toByteChars } from '../../src/tokenizer/bytelevel.ts';
import { PreTrainedTokenizerFast } from '../../src/tokenizer/index.ts';
import { Words } from '../../src/tokenizer/models/words.ts';
import { problem } from '../support/tiny.ts';

type Pair = readonly [left: string, right: string];

/** A tokenizer of one BPE model whose vocabulary is `characters`, what `merges` make of them, and `more`. */
function made(characters: string, merges: readonly Pair[], model: object = {}, more: readonly string[] = []): PreTrainedTokenizerFast {
  const words = [...new Set([...characters, ...more, ...merges.map(([left, right]) => left + right)])];
  const vocab = Object.fromEntries(words.map((word, id) => [word, id]));
  return new PreTrainedTokenizerFast({ tokenizer_object: { model: { type: 'BPE', vocab, merges, ...model }, decoder: { type: 'Fuse' } } });
}

/** By definition: of all pairs side by side the one that stands first in `merges` is merged, and the leftmost of its places. */
function merged(text: string, merges: readonly Pair[]): string[] {
  const parts = [...text];
  for (;;) {
    const rankAt = (at: number) => merges.findLastIndex(([left, right]) => left === parts[at] && right === parts[at + 1]);
    const ranks = parts.map((_, at) => rankAt(at)).filter((rank) => rank >= 0);
    if (ranks.length === 0) return parts;
    const at = parts.findIndex((_, i) => rankAt(i) === Math.min(...ranks));
    parts.splice(at, 2, parts[at] + parts[at + 1]);
  }
}

describe('BPE', () => {
  const MERGES: Pair[] = [
    ['b', 'c'],
    ['a', 'b'],
    ['a', 'bc'],
    ['💢', 'a'],
  ];

  test('merges the first of its pairs first, wherever it stands', () => {
    const tokenizer = made('abc💢', MERGES);
    expect(tokenizer.tokenize('abcab')).toEqual(['abc', 'ab']);
    expect(tokenizer.tokenize('💢abc')).toEqual(['💢', 'abc']);
    expect(tokenizer.tokenize('💢a')).toEqual(['💢a']);
    expect(tokenizer.tokenize('')).toEqual([]);
  });

  test('is what merging by definition gives', () => {
    const pieces = fc.constantFrom('a', 'b', 'é', '💢');
    const tables = fc.array(fc.tuple(pieces, pieces), { maxLength: 12 }).map((steps) => {
      const known: string[] = ['a', 'b', 'é', '💢'];
      return steps.map(([left, right], i): Pair => {
        const pair = [known[(i * 7 + left.length) % known.length], known[(i * 3 + right.length) % known.length]] as const;
        known.push(pair.join(''));
        return pair;
      });
    });
    fc.assert(
      fc.property(tables, fc.array(pieces, { maxLength: 90 }), (merges, parts) => {
        const text = parts.join('');
        const tokenizer = made('abé💢', merges);
        for (let again = 0; again < 2; again++) expect(tokenizer.tokenize(text)).toEqual(merged(text, merges));
      }),
    );
  });

  test('a word of a million characters is merged', () => {
    const text = 'ab'.repeat(2 ** 19);
    expect(made('ab', [['a', 'b'], ['ab', 'ab']]).encode(text)).toHaveLength(2 ** 18); // biome-ignore format: one row
  });

  test('a pair that is there twice has its later place, and lines are pairs too', () => {
    const pairs: Pair[] = [['a', 'b'], ['b', 'c'], ['a', 'b']]; // biome-ignore format: one row
    expect(made('abc', pairs).tokenize('abc')).toEqual(['a', 'bc']);
    expect(made('abc', pairs, { merges: ['#version: 0.2', 'a b'] }).tokenize('abc')).toEqual(['ab', 'c']);
  });

  test('with ignore_merges a word that is a token is that token', () => {
    expect(made('abc', [], {}, ['abc']).tokenize('abc')).toEqual(['a', 'b', 'c']);
    expect(made('abc', [], { ignore_merges: true }, ['abc']).tokenize('abc')).toEqual(['abc']);
  });

  test('affixes belong to characters within a word, and to the last', () => {
    const suffixed = made('ab', [['a', 'b</w>']], { end_of_word_suffix: '</w>' }, ['a</w>', 'b</w>']);
    expect(suffixed.tokenize('ab')).toEqual(['ab</w>']);
    expect(suffixed.tokenize('aba')).toEqual(['a', 'b', 'a</w>']);
    const vocab = { a: 0, '##b': 1, ab: 2, '##c': 3 };
    const prefixed = made('', [], { vocab, merges: [['a', '##b']], continuing_subword_prefix: '##' });
    expect(prefixed.tokenize('abc')).toEqual(['ab', '##c']);
    expect(prefixed.continues_word('##c')).toBe(true);
    expect(prefixed.continues_word('ab')).toBe(false);
  });

  describe('what it does not know', () => {
    const offsets = (tokenizer: PreTrainedTokenizerFast, text: string) => {
      const { tokens, offset_mapping } = tokenizer.encode_plus(text, { return_offsets_mapping: true, add_special_tokens: false });
      return tokens.map((token, i) => [token, ...(offset_mapping?.[i] ?? [])]);
    };

    test('is one unknown token a character, or one in all', () => {
      expect(offsets(made('a', [], { unk_token: '?' }, ['?']), 'xéa')).toEqual([['?', 0, 1], ['?', 1, 2], ['a', 2, 3]]); // biome-ignore format: one row
      expect(offsets(made('a', [], { unk_token: '?', fuse_unk: true }, ['?']), 'xéax')).toEqual([['?', 0, 2], ['a', 2, 3], ['?', 3, 4]]); // biome-ignore format: one row
    });

    test('is left out without an unknown token, and what follows moves up', () => {
      expect(offsets(made('ab', []), 'xab')).toEqual([['a', 0, 1], ['b', 1, 2]]); // biome-ignore format: one row
      expect(offsets(made('ab', []), 'éab')).toEqual([['a', 0, 1], ['b', 0, 1]]); // biome-ignore format: one row
    });

    test('is its bytes, where each has a token', () => {
      const bytes = ['<0xC3>', '<0xA9>'];
      const tokenizer = made('a', [], { byte_fallback: true, unk_token: '?' }, ['?', ...bytes]);
      expect(offsets(tokenizer, 'éa')).toEqual([['<0xC3>', 0, 1], ['<0xA9>', 0, 1], ['a', 1, 2]]); // biome-ignore format: one row
      expect(tokenizer.tokenize('ü')).toEqual(['?']);
    });

    test('is an error where the unknown token is unknown itself', async () => {
      const tokenizer = made('a', [], { unk_token: '' });
      expect(tokenizer.tokenize('aa')).toEqual(['a', 'a']);
      expect(await problem('config', () => tokenizer.tokenize('b'))).toHaveProperty(
        'message',
        expect.stringMatching(/^unk_token of the model/),
      );
    });
  });

  test.each<[string, object, RegExp]>([
    ['no merges', { merges: undefined }, /^merges of model BPE of tokenizer.json: expected an array of pairs/],
    ['a merge of three', { merges: ['a b c'] }, /^merges\[0\] .*: expected two tokens/],
    ['a merge of a number', { merges: [['a', 1]] }, /^merges\[0\] .*: expected two tokens/],
    ['a piece that is no token', { merges: [['a', 'b'], ['a', 'z']] }, /^merges\[1\] .*: expected tokens of the vocabulary, got "z"/], // biome-ignore format: one row
    ['a merge that makes no token', { merges: [['b', 'a']] }, /got "ba", which is not in it/],
    ['dropout', { dropout: 0.1 }, /^dropout of model BPE .*: expected null or 0, got 0.1/],
    ['a flag that is none', { byte_fallback: 'yes' }, /^byte_fallback of model BPE .*: expected true or false/],
    ['half a character', { vocab: { '\ud800': 0 } }, /^vocab\[0\]: expected a token of whole characters/],
  ])('refuses %s', (_, model, expected) => {
    expect(() => made('ab', [['a', 'b']], model)).toThrow(expected);
  });

  test('its files make the same tokenizer', () => {
    const tokenizer = made('abc', MERGES, { vocab: { a: 0, b: 1, c: 2, '💢': 3, ab: 4, bc: 5, abc: 6, '💢a': 7, '\n': 8 } });
    const again = PreTrainedTokenizerFast.from_files(tokenizer.files());
    expect(again.encode('abcab💢a\n')).toEqual(tokenizer.encode('abcab💢a\n'));
    expect(again.files()).toEqual(tokenizer.files());
  });
});

test('words are found again, until there are too many', () => {
  const all = Array.from({ length: 20_000 }, (_, i) => `w${i}`.repeat((i % 5) + 1));
  const words = new Words([...all, 'w']);
  const find = (word: string): number[] => {
    const ids: number[] = [];
    words.tell(word, 0, word.length, (id) => ids.push(id));
    return ids;
  };
  for (const [i, word] of all.entries()) {
    const places = { starts: [1, 1], ends: [word.length + 1, 2] };
    words.add(`<${word}>`, 1, word.length + 1, { ids: [i, all.length], ...places, values: [word, 'w'] });
    expect(find(word)).toEqual([i, all.length]);
  }
  const kept = all.filter((word) => find(word).length > 0);
  expect(kept.length).toBeGreaterThan(1000);
  expect(kept.length).toBeLessThan(2 ** 14);
  expect(kept.at(-1)).toBe(all.at(-1));
  words.add('x'.repeat(65), 0, 65, { ids: [1], starts: [0], ends: [65], values: [all[1]] });
  expect(find('x'.repeat(65))).toEqual([]);
});

describe('WordLevel', () => {
  const words = (model: object) =>
    new PreTrainedTokenizerFast({
      tokenizer_object: { model: { type: 'WordLevel', vocab: { '<unk>': 0, a: 1, 'a\n': 2 }, ...model }, pre_tokenizer: null },
    });

  test('has a token for each word, or the unknown one', () => {
    expect(words({}).encode('a')).toEqual([1]);
    expect(words({}).encode('a\n')).toEqual([2]);
    expect(words({ unk_token: '<unk>' }).tokenize('b')).toEqual(['<unk>']);
    expect(words({}).continues_word('a')).toBe(false);
    expect(PreTrainedTokenizerFast.from_files(words({}).files()).encode('a\n')).toEqual([2]);
  });

  test('without one it says so', async () => {
    expect((await problem('config', () => words({ unk_token: 'none' }).encode('b'))).message).toMatch(/for words such as "b", got "none"/);
  });
});

describe('byte characters', () => {
  test('are 256, and none is a space', () => {
    expect(new Set(BYTE_CHARS).size).toBe(256);
    expect(BYTE_CHARS.filter((char) => /\s/.test(char))).toEqual([]);
    expect([0, 0x20, 0x21, 0x7f, 0xa0, 0xad, 0xff].map((byte) => BYTE_CHARS[byte])).toEqual(['Ā', 'Ġ', '!', 'ġ', 'ł', 'Ń', 'ÿ']);
  });

  test('hold every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const from = Array.from({ length: text.length }, (_, unit) => unit);
        const written = toByteChars({ text, from }, 0, text.length);
        expect(fromByteChars([written.text])).toBe(text);
        expect(written.text).toHaveLength(new TextEncoder().encode(text).length);
        expect(written.from).toHaveLength(written.text.length);
      }),
    );
  });

  test('that are no text become U+FFFD, and tokens of other characters stay', () => {
    expect(fromByteChars(['Ã', '©', 'Ã'])).toBe('é\ufffd');
    expect(fromByteChars(['a', '<é>', '中'])).toBe('a\ufffd中'.replace('\ufffd', '<\ufffd>'));
    expect(fromByteChars(['\ufeff'])).toBe('\ufeff');
  });
});

test('parts that feed one another do not grow a text without end', async () => {
  const many = <Part>(part: Part) => Array.from({ length: 40 }, () => part);
  const model = { type: 'WordLevel', vocab: { '<unk>': 0 } };
  for (const parts of [
    { pre_tokenizer: { type: 'Sequence', pretokenizers: many({ type: 'ByteLevel' }) } },
    {
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [...many({ type: 'ByteLevel', use_regex: false }), { type: 'Punctuation', behavior: 'Removed' }],
      },
    },
    {
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: many(['▁', '_'].map((replacement) => ({ type: 'Metaspace', replacement }))).flat(),
      },
    },
    { normalizer: { type: 'Sequence', normalizers: many({ type: 'ByteLevel' }) } },
    { normalizer: { type: 'Sequence', normalizers: many({ type: 'Replace', pattern: { String: 'é' }, content: 'éé' }) } },
  ]) {
    const tokenizer = new PreTrainedTokenizerFast({ tokenizer_object: { model, ...parts } });
    expect((await problem('config', () => tokenizer.encode('é'))).message).toMatch(/parts that make at most (128|1024) characters of one/);
  }
  const long = { type: 'Replace', pattern: { String: 'a' }, content: 'x'.repeat(129) };
  await problem('format', () => new PreTrainedTokenizerFast({ tokenizer_object: { model, normalizer: long } }));
});

describe('processors', () => {
  const vocab = { '<s>': 0, '</s>': 1, Ġ: 2, a: 3, Ġa: 4 };
  const tokenizer = (post_processor: object) =>
    new PreTrainedTokenizerFast({
      tokenizer_object: {
        model: { type: 'BPE', vocab, merges: [['Ġ', 'a']] },
        normalizer: { type: 'ByteLevel' },
        post_processor,
      },
    });
  const ROBERTA = { type: 'RobertaProcessing', cls: ['<s>', 0], sep: ['</s>', 1] };
  const encode = (post_processor: object, ...texts: [string, string?]) =>
    tokenizer(post_processor).encode_plus(...texts, { return_offsets_mapping: true });

  test('RoBERTa puts two separators between texts, all of type 0', () => {
    expect(encode(ROBERTA, 'a').input_ids).toEqual([0, 3, 1]);
    const pair = encode(ROBERTA, 'a', ' a');
    expect(pair.input_ids).toEqual([0, 3, 1, 1, 4, 1]);
    expect(pair.token_type_ids).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test.each<[object, number[]]>([
    [{}, [0, 2]],
    [{ add_prefix_space: false }, [1, 2]],
    [{ trim_offsets: false }, [0, 2]],
  ])('offsets of the first token with %j', (fields, offsets) => {
    expect(encode({ ...ROBERTA, ...fields }, ' a a').offset_mapping?.slice(1, 3)).toEqual([offsets, fields && 'trim_offsets' in fields ? [2, 4] : [3, 4]]); // biome-ignore format: one row
    expect(encode({ type: 'ByteLevel', ...fields }, ' a a').offset_mapping?.[0]).toEqual(offsets);
  });

  test('in a sequence trim and add', async () => {
    const [trims, adds] = [
      { type: 'ByteLevel', add_prefix_space: false },
      { ...ROBERTA, trim_offsets: false },
    ];
    for (const processors of [
      [trims, adds],
      [adds, trims],
    ]) {
      // biome-ignore format: one row
      const { input_ids, offset_mapping } = encode({ type: 'Sequence', processors }, ' a');
      expect(input_ids).toEqual([0, 4, 1]);
      expect(offset_mapping).toEqual([[0, 0], [1, 2], [0, 0]]); // biome-ignore format: one row
    }
    expect(encode({ type: 'Sequence', processors: [] }, 'a').input_ids).toEqual([3]);
    await problem('unsupported', () => tokenizer({ type: 'Sequence', processors: [adds, adds] }));
    await problem('config', () => tokenizer({ ...ROBERTA, cls: ['<s>', 3] }));
    await problem('format', () => tokenizer({ ...ROBERTA, sep: undefined }));
    await problem('format', () => tokenizer({ ...ROBERTA, trim_offsets: 1 }));
  });
});

describe('decoders', () => {
  const vocab = { a: 0, 'b</w>': 1, 'a</w>': 2, '|': 3, '<pad>': 4, Ã: 5, '©': 6 };
  const decode = (decoder: object, ids: number[]) =>
    new PreTrainedTokenizerFast({ tokenizer_object: { model: { type: 'WordLevel', vocab }, decoder } }).decode(ids);

  test('of ends of words, bytes and moments', () => {
    expect(decode({ type: 'BPEDecoder' }, [0, 1, 2])).toBe('ab a');
    expect(decode({ type: 'BPEDecoder', suffix: 'b</w>' }, [1, 0])).toBe(' a');
    expect(decode({ type: 'ByteLevel' }, [5, 6, 0])).toBe('éa');
    expect(decode({ type: 'CTC' }, [0, 0, 4, 0, 3, 3, 0])).toBe('aa a');
    expect(decode({ type: 'CTC', cleanup: false }, [0, 3])).toBe('a|');
  });
});
