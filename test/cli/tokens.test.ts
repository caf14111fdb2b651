import { expect, test } from 'vitest';
import { striped } from '../../src/cli/output.ts';
import { answer, at, directory, failure, json, lines, withTraces } from '../support/cli.ts';

withTraces();

const TEXT = 'Who was Jim Henson?';

test('shows each token with its id and the text that it stands for', async () => {
  directory('tokens', 'bert-BertModel');
  const [head, ...rows] = await lines(['tokens', TEXT, '-m', 'tokens']);
  expect(head.split(/ +/)).toEqual(['token', 'id', 'start', 'end', 'text']);
  expect(rows[0].split(/ +/)).toEqual(['[CLS]', '2']);
  expect(rows[1].split(/ +/)).toEqual(['who', '12', '0', '3', '"Who"']);
  expect(rows).toHaveLength(7);
});

test('as JSON, with a pair, and without special tokens', async () => {
  directory('pairs', 'bert-BertModel');
  const all = await json(['tokens', 'Jim', '--pair', 'a frog', '-m', 'pairs', '--json']);
  expect(all.map(({ token }: { token: string }) => token)).toEqual(['[CLS]', 'jim', '[SEP]', 'a', 'frog', '[SEP]']);
  expect(all[4]).toEqual({ token: 'frog', id: expect.any(Number), start: 2, end: 6, special: false, text: 'frog' });
  expect(await json(['tokens', 'Jim', '--pair', 'a frog', '-m', 'pairs', '--json', '--no-special'])).toEqual([all[1], all[3], all[4]]);
});

test('of a trace, too', async () => {
  const text = await answer(['tokens', TEXT, '-m', 'sentence.tracelet', '--json']);
  expect(JSON.parse(text).map((row: { text: string }) => row.text)).toEqual(['', 'Who', 'was', 'Jim', 'Henson', '?', '']);
});

test('a folder without a tokenizer is an error', async () => {
  directory('mute-tokens', 'bert-BertModel', { vocab: false });
  expect(await failure(3, ['tokens', TEXT, '-m', at('mute-tokens')])).toMatch(
    /expected a directory with a trace, tokenizer\.json, vocab\.txt/,
  );
});

test('parts alternate between two colours on a terminal that has them', () => {
  const [{ isTTY, hasColors }] = [process.stdout];
  const shown = (colors: boolean) => {
    Object.assign(process.stdout, { isTTY: true, hasColors: () => colors });
    try {
      return striped(['a', 'b', 'c']);
    } finally {
      Object.assign(process.stdout, { isTTY, hasColors });
    }
  };
  expect(shown(false)).toBe(undefined);
  const [first, second, third] = (shown(true) as string).split('\u001b[0m');
  expect(first.at(-1)).toBe('a');
  expect(first.slice(0, -1)).toBe(third.slice(0, -1));
  expect(first.slice(0, -1)).not.toBe(second.slice(0, -1));
  expect(striped(['a'])).toBe(process.stdout.isTTY ? expect.anything() : undefined);
});
