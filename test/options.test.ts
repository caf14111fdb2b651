import { describe, expect, it } from 'vitest';
import { FLAG, SIZE } from '../src/field.ts';
import { nearest } from '../src/nearest.ts';
import { checkOptions, FUNCTION, type OptionTable, SIGNAL } from '../src/options.ts';
import { problem } from './tiny.ts';

const TABLE = { signal: SIGNAL, progress_callback: FUNCTION, batchTokens: SIZE, truncate: FLAG };

const check = (options: unknown) => checkOptions('f()', options as Record<string, unknown>, TABLE as OptionTable<Record<string, unknown>>);

describe('options', () => {
  it('passes on what is known, and leaves out what is not given', () => {
    const { signal } = new AbortController();
    expect(check({ signal, truncate: false, batchTokens: undefined, progress_callback: null })).toEqual({
      signal,
      truncate: false,
    });
    expect(check(undefined)).toEqual({});
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

  it.each([[7], ['text'], [[]], [() => {}], [new Map([['truncate', true]])], [new Date()], [Promise.resolve({})]])(
    'refuses %s for an object of options',
    async (options) => {
      await problem('value', () => check(options));
    },
  );

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
