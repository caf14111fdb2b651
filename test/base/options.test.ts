import { describe, expect, it } from 'vitest';
import { describe as shown } from '../../src/base/json.ts';
import { nearest } from '../../src/base/nearest.ts';
import { checkOptions, FUNCTION, NAMED, NUMBER, OBJECT, type OptionTable, SIGNAL, unknownOption } from '../../src/base/options.ts';
import { FLAG, SIZE } from '../../src/base/schema.ts';
import { problem } from '../support/tiny.ts';

const TABLE = { signal: SIGNAL, progress_callback: FUNCTION, batchTokens: SIZE, truncate: FLAG };

const check = (options: unknown) => checkOptions('f()', options as Record<string, unknown>, TABLE as OptionTable<Record<string, unknown>>);

describe('options', () => {
  it('passes on what is known, and leaves out what is not given', () => {
    const { signal } = new AbortController();
    expect(check({ signal, truncate: false, batchTokens: undefined, progress_callback: null })).toEqual({
      signal,
      truncate: false,
    });
    for (const nothing of [undefined, null]) expect(check(nothing)).toEqual({});
  });

  it.each([
    ['singal', 'Did you mean signal?'],
    ['progressCallback', 'Did you mean progress_callback?'],
    ['batch_tokens', 'Did you mean batchTokens?'],
    ['Truncate', 'Did you mean truncate?'],
  ])('refuses %s and tells the nearest', async (name, cure) => {
    const error = await problem('value', () => check({ [name]: 'hf_secret' }));
    expect(error.message).toContain(cure);
    expect(error.message).not.toContain('hf_secret');
  });

  it('guesses nothing for what is far from all', async () => {
    expect((await problem('value', () => check({ zebra: 1 }))).message).not.toContain('mean');
    expect(nearest('x'.repeat(1e6), ['signal'])).toBeUndefined();
  });

  it.each([[7], ['text'], [[]], [() => {}], [new Map()], [new Date()], [Promise.resolve({})]])(
    'refuses %s for an object of options',
    async (options) => {
      expect((await problem('value', () => check(options))).message).toBe(`f(): options: expected an object, got ${shown(options)}`);
    },
  );

  it('lists the names that it knows, unless they are many', async () => {
    const names = Array.from({ length: 17 }, (_, i) => `name${i}`);
    expect(unknownOption('f()', 'zebra', names.slice(0, 16)).message).toBe(
      `f(): option "zebra": expected one of ${names.slice(0, 16).join(', ')}, got a name that is none of them`,
    );
    expect(unknownOption('f()', 'zebra', names).message).toBe('f(): option "zebra": expected an option that it has, got another name');
  });

  it.each([
    [NAMED, ['a'], ['', 7]],
    [NUMBER, [0, -1.5], [Infinity, Number.NaN, '1']],
    [OBJECT, [{}], [[], null, 'a']],
    [FUNCTION, [() => {}], [{}, 'a']],
  ])('may be $expected', (kind, known, unknown) => {
    for (const value of known) expect(kind.read(value)).toBe(value);
    for (const value of unknown) expect(kind.read(value)).toBeUndefined();
  });

  it('takes what can be called for a function, which a class cannot', async () => {
    class Callback {}
    expect(check({ progress_callback: check })).toEqual({ progress_callback: check });
    await problem('value', () => check({ progress_callback: Callback }));
  });

  it('refuses values of another kind', async () => {
    const error = await problem('value', () => check({ truncate: 'yes' }));
    expect(error.message).toBe('f(): option truncate: expected true or false, got "yes"');
  });
});
