import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../../src/base/error.ts';
import { kindOf, List, type Vocabulary } from '../../../src/formats/torch/machine.ts';
import { unpickle } from '../../../src/formats/torch/pickle.ts';
import { ops, pickled, text, tuple, whole } from '../../support/pickle.ts';
import { numbers } from '../../support/zip.ts';

const vocabulary: Vocabulary = {
  known: 'names of a test',
  cure: 'Leave it',
  find(module, name) {
    const known = `${module} ${name}`;
    if (known === 'm call') return { name: 'm.call', call: (args) => ({ args }) };
    return known === 'm name' ? { name: 'm.name' } : undefined;
  },
  persistent: (id) => ({ id }),
  build: (object, state) => object !== null && state instanceof Map,
};

const read = (bytes: Uint8Array): unknown => unpickle(bytes, 0, vocabulary, 'p').value;

/** Values as JavaScript would have them. */
const plain = (value: unknown): unknown => {
  if (value instanceof List) return { list: value.items.map(plain) };
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, each]) => [String(key), plain(each)]));
  return value;
};

describe('a pickle of', () => {
  test.each<[string, Uint8Array, unknown]>([
    ['None', ops('N'), null],
    ['truth', ops('(\x88\x89t'), [true, false]],
    ['small numbers', ops('(K\xffM\xff\xfft'), [255, 65535]],
    ['numbers with signs', ops('(J\xff\xff\xff\xffJ\xff\xff\xff\x7ft'), [-1, 2 ** 31 - 1]],
    [
      'long numbers',
      ops('(\x8a\x00\x8a\x01\xff\x8a\x02\xff\x00\x8a\x08', numbers([8, 2 ** 53]), '\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19t'),
      [0, -1, 255, 2n ** 53n, 0x1950a86a20f9469cfc6cn],
    ],
    ['floats', ops('G\xbf\xf8\x00\x00\x00\x00\x00\x00'), -1.5],
    ['texts', ops('(', text('größe'), '\x8c\x01xU\x01yT\x01\x00\x00\x00zt'), ['größe', 'x', 'y', 'z']],
    ['a text that begins with a byte order mark', text('\ufeffx'), '\ufeffx'],
    ['bytes', ops('(C\x01\xffB\x01\x00\x00\x00\xfet'), [new Uint8Array([255]), new Uint8Array([254])]],
    ['tuples', ops('()K\x01\x85K\x01K\x02\x86K\x01K\x02K\x03\x87t'), [[], [1], [1, 2], [1, 2, 3]]],
    ['lists', ops('(]K\x01a](K\x01K\x02e(K\x03lt'), [{ list: [1] }, { list: [1, 2] }, { list: [3] }]],
    ['dicts', ops('(}U\x01aK\x01s}(U\x01bK\x02u(U\x01cK\x03dt'), [{ a: 1 }, { b: 2 }, { c: 3 }]],
    ['a key twice, of which the last counts', ops('}(U\x01aK\x01U\x01aK\x02u'), { a: 2 }],
    ['what is kept', ops('(K\x05q\x07h\x07K\x06r\x00\x01\x00\x00j\x00\x01\x00\x00t'), [5, 5, 6, 6]],
    ['what is kept one by one', ops('(K\x05\x94K\x06\x94h\x00h\x01t'), [5, 6, 5, 6]],
    ['frames', ops('\x95', numbers([8, 3]), 'K\x01'), 1],
    ['calls', ops('(cm\ncall\nK\x01\x85RU\x01mU\x04call\x93)\x81t'), [{ args: [1] }, { args: [] }]],
    ['a state that is set', ops('cm\ncall\n)R}b'), { args: [] }],
    ['an id', ops('K\x01Q'), { id: 1 }],
  ])('%s is read', (_, bytes, wanted) => expect(plain(read(pickled(bytes)))).toEqual(wanted));

  test('names and containers', () => {
    expect(read(pickled(ops('cm\nname\n')))).toEqual({ name: 'm.name' });
    expect(kindOf(read(pickled(ops('cm\nname\n'))))).toBe('m.name');
    expect(['}', ']', ')', 'N', 'K\x01', '\x88'].map((op) => kindOf(read(pickled(ops(op)))))).toEqual([
      'a dict',
      'a list',
      'a tuple',
      'None',
      '1',
      'true',
    ]);
  });

  test('several, one behind the other', () => {
    const two = ops(pickled(whole(1)), pickled(whole(2)));
    const first = unpickle(two, 0, vocabulary, 'p');
    expect([first, unpickle(two, first.end, vocabulary, 'p')]).toEqual([
      { value: 1, end: 8 },
      { value: 2, end: 16 },
    ]);
  });

  test('what holds itself is read', () => {
    const list = read(ops('\x80\x02]q\x00h\x00a.')) as List;
    expect(list.items).toEqual([list]);
    const map = read(ops('\x80\x02}q\x00U\x01ah\x00s.')) as Map<string, unknown>;
    expect(map.get('a')).toBe(map);
  });

  test('many lists in one another is read', () => {
    let list = read(ops('\x80\x02', ']'.repeat(200_000), 'a'.repeat(199_999), '.')) as List;
    let depth = 1;
    for (; list.items.length > 0; depth++) list = list.items[0] as List;
    expect(depth).toBe(200_000);
  });
});

describe('refused is', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', ops(), /^p, byte 0: expected 1 bytes, got 0 up to the end/],
    ['no end', ops('N'), /^p, byte 1: expected 1 bytes/],
    ['a later protocol', ops('\x80\x06N.'), /expected a pickle of protocol 0 to 5, got protocol 6/],
    ...[
      '0',
      '1',
      '2',
      'F1\n',
      'I1\n',
      'L1\n',
      'S"a"\n',
      'Va\n',
      'P1\n',
      'p1\n',
      'g1\n',
      '(im\nname\n',
      '(cm\nname\no',
      '\x82\x01',
      '\x83\x01\x00',
      '\x84\x01\x00\x00\x00',
      '\x8b\x01',
      '\x8d',
      '\x8e',
      '\x8f',
      '\x90',
      '\x91',
      '\x92',
      '\x96',
      '\x97',
      '\x98',
      '\xfe',
    ].map((code): [string, Uint8Array, RegExp] => [
      `the opcode ${JSON.stringify(code)}`,
      ops('NNN', code, '.'),
      /expected an opcode that is known, got 0x/,
    ]),
    ['an empty stack', ops('.'), /expected one value at the end, got 0/],
    ['two values', ops('NN.'), /expected one value at the end, got 2/],
    ['a mark that is left', ops('N(.'), /expected one value at the end/],
    ['a tuple without a mark', ops('t.'), /byte 0: expected a mark, got none/],
    ['a tuple of more than there is', ops('N\x87.'), /expected 3 values on the stack, got 1/],
    ['a tuple over a mark', ops('N(\x85.'), /expected 1 values on the stack, got 0/],
    ['appending to no list', ops('NNa.'), /expected a list, got None/],
    ['appending to a tuple', ops(')(Ne.'), /expected a list, got a tuple/],
    ['items of no dict', ops('](NNu.'), /expected a dict, got a list/],
    ['a key without a value', ops('}(Nu.'), /expected a value for every key/],
    ['a list as a key', ops('}]Ns.'), /expected keys that do not change, got a list/],
    ['a dict as a key', ops('}}Ns.'), /expected keys that do not change, got a dict/],
    ['what was not kept', ops('h\x00.'), /expected a value that was kept, got number 0/],
    ['keeping nothing', ops('q\x00.'), /expected a value on the stack/],
    ['keeping too much', ops('Nr\x40\x42\x0f\x00.'), /expected at most 1000000 values kept, got number 1000000/],
    ['a call of no function', ops('N)R.'), /expected something that can be called, got None/],
    ['a call of a name', ops('cm\nname\n)R.'), /expected something that can be called, got m\.name/],
    ['a call of a dict', ops('}U\x04callNs)R.'), /expected something that can be called, got a dict/],
    ['a call with no tuple', ops('cm\ncall\n]R.'), /expected arguments in a tuple, got a list/],
    ['a state of no object', ops('N}b.'), /expected something that takes this state, got None/],
    ['a state that is none', ops('cm\ncall\n)RNb.'), /expected something that takes this state/],
    ['a name in numbers', ops('K\x01K\x02\x93.'), /expected the name of something in a module, got no strings/],
    ['a name without an end', ops('cm\nname'), /expected a line, got no end of it/],
    ['text that is none', ops('U\x01\xff.'), /expected text in UTF-8/],
    ['half of a surrogate pair', ops('X\x03\x00\x00\x00\xed\xa0\x80.'), /expected text in UTF-8/],
    ['long text', ops('X\xff\xff\xff\x7fabc.'), /expected 2147483647 bytes, got 4 up to the end/],
    ['a longer number', ops('\x8a\x0b', 'a'.repeat(11), '.'), /expected a whole number of at most 10 bytes, got 11/],
    ['a vast frame', ops('\x80\x04\x95', numbers([8, 2 ** 60]), 'N.'), /expected a frame of at most 2 bytes, got 1152921504606846976/],
  ])('%s', (_, bytes, message) => {
    const error = (() => {
      try {
        return read(bytes);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(TraceletError);
    expect(error).toMatchObject({ code: 'format', message: expect.stringMatching(message) });
  });

  test.each([
    ['GLOBAL', ops('cposix\nsystem\n(U\x04echotR.'), /^p, byte 0: expected names of a test, got "posix\.system"\. Leave it$/],
    ['STACK_GLOBAL', ops('U\x08builtinsU\x04exec\x93)R.'), /^p, byte 16: expected names of a test, got "builtins\.exec"/],
    ['a name that joins to one', ops('cm call\n\n)R.'), /got "m call\."/],
    ['a name of objects', ops('cObject\nprototype\n.'), /got "Object\.prototype"/],
  ])('a name that is not known, by %s', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(message);
  });

  test('more than a million values on the stack, or marks', () => {
    for (const op of ['N', '(']) expect(() => read(ops(op.repeat(1_000_001)))).toThrow(/expected at most 1000000 /);
  });

  test('more than a million objects', () => {
    for (const op of [')', '(d', 'h\0)R'])
      expect(() => read(ops(']cm\ncall\nq\0a', `${op}a`.repeat(1_000_001), '.'))).toThrow(/expected at most 1000000 objects, got more/);
  });

  test('more than ten million opcodes', () => {
    const turns = Buffer.concat([Buffer.from('N'), Buffer.alloc(20_000_000, 'q\0'), Buffer.from('.')]);
    expect(() => read(new Uint8Array(turns))).toThrow(/expected at most 10000000 opcodes/);
  });
});

/** Values of Python and a pickle of each. */
const values = fc.letrec<{ value: [unknown, Uint8Array] }>((tie) => {
  const list = fc.array(tie('value') as fc.Arbitrary<[unknown, Uint8Array]>, { maxLength: 4 });
  return {
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom<[unknown, Uint8Array]>([null, ops('N')], [true, ops('\x88')], [false, ops('\x89')]),
      fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }).map((n): [unknown, Uint8Array] => [n, whole(n)]),
      fc.string({ unit: 'grapheme' }).map((s): [unknown, Uint8Array] => [s, text(s)]),
      list.map((each): [unknown, Uint8Array] => [each.map(([value]) => value), tuple(...each.map(([, bytes]) => bytes))]),
      list.map((each): [unknown, Uint8Array] => [
        { list: each.map(([value]) => value) },
        ops('](', ...each.map(([, bytes]) => bytes), 'e'),
      ]),
    ),
  };
}).value;

test('values come out as they went in', () => {
  fc.assert(
    fc.property(values, ([value, bytes]) => {
      expect(plain(read(pickled(bytes)))).toEqual(value);
    }),
  );
});

test('a pickle cut at any byte, and any bytes at all, are an error or a value', () => {
  const judged = (bytes: Uint8Array): boolean => {
    try {
      read(bytes);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(TraceletError);
      return false;
    }
  };
  fc.assert(
    fc.property(values, fc.uint8Array({ maxLength: 40 }), ([, bytes], noise) => {
      const whole = pickled(bytes);
      for (let length = 0; length < whole.length; length++) expect(judged(whole.subarray(0, length))).toBe(false);
      judged(ops(whole.subarray(0, whole.length - 1), noise, '.'));
      judged(noise);
    }),
    { numRuns: 300 },
  );
});
