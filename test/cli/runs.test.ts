import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Tensor, tensor } from '../../src/index.ts';
import { answer, at, call, directory, failure, json, lines, load, start, WORDS, withTraces } from '../support/cli.ts';
import { ROOT } from '../support/command.ts';

withTraces();

describe('run', () => {
  const ids = [2, 5, 6, 7, 8, 9, 10, 3];
  const ones = ids.map(() => 1);
  const zeros = ids.map(() => 0);

  test('inputs by name and by position, from stdin and from a file', async () => {
    const expected = (await load('bare.tracelet'))(tensor([ids]), tensor([zeros]), tensor([ones]));
    const byName = JSON.stringify({ attention_mask: [ones], input_ids: [ids], token_type_ids: [zeros] });
    const out = await json(['run', 'bare.tracelet'], { input: byName });
    expect(Object.keys(out)).toEqual(['last_hidden_state', 'pooler_output']);
    expect(out.pooler_output).toMatchObject({ dtype: 'float32', shape: [1, 48] });
    expect(out.last_hidden_state.data.flat(2).map(Math.fround)).toEqual([...(expected.last_hidden_state as Tensor).data]);
    writeFileSync(at('input.json'), JSON.stringify([[ids], [zeros], [ones]]));
    expect(await json(['run', 'bare.tracelet', '--input', 'input.json'])).toEqual(out);
    expect(Object.keys(await json(['run', 'bare.tracelet', '-i', 'input.json', '--output', 'pooler_output']))).toEqual(['pooler_output']);
  });

  test('a text and its pair', async () => {
    const traced = await load('bare.tracelet');
    const expected = await traced.run('Who was Jim?', 'a frog', { truncate: true });
    const input = { input: '{"text": "Who was Jim?", "pair": "a frog"}' };
    expect(await failure(3, ['run', 'bare.tracelet'], input)).toMatch(/text: expected at most 8 tokens, .*, got 9 .*--truncate/);
    const out = await json(['run', 'bare.tracelet', '--truncate'], input);
    expect(out.pooler_output.data.flat().map(Math.fround)).toEqual((expected.pooler_output as Tensor).tolist().flat());
  });

  test('inputs that are left out take their defaults', async () => {
    const whole = await answer(['run', 'bare.tracelet'], { input: JSON.stringify([[ids], [zeros], [ones]]) });
    for (const input of [
      [[ids]],
      { input_ids: [ids] },
      { attention_mask: [ones], input_ids: [ids] },
      { input_ids: [ids], token_type_ids: [zeros] },
    ])
      expect(await answer(['run', 'bare.tracelet'], { input: JSON.stringify(input) })).toBe(whole);
  });

  test('--pad fills up what is shorter', async () => {
    const short = { input: JSON.stringify({ input_ids: [[2, 5, 3]] }) };
    const padded = JSON.stringify({
      input_ids: [[2, 5, 3, 0, 0, 0, 0, 0]],
      token_type_ids: [zeros],
      attention_mask: [[1, 1, 1, 0, 0, 0, 0, 0]],
    });
    expect(await json(['run', 'bare.tracelet', '--pad'], short)).toEqual(await json(['run', 'bare.tracelet'], { input: padded }));
    expect(await failure(3, ['run', 'bare.tracelet'], short)).toContain('expected [1,8], got [1,3]. Pass --pad');
  });

  test.concurrent.each([
    ['{', 'stdin: expected JSON'],
    ['7', 'expected an object or array of inputs'],
    ['{"text": 7}', 'expected {"text": string'],
    ['{"text": "a", "texts": []}', 'expected {"text": string'],
    ['{"ids": [[1]]}', 'input "ids": expected one of input_ids'],
    ['[[1], [1], [1], [1]]', 'expected at most 3 inputs, got 4'],
    ['[[[2, "5"]]]', 'input "input_ids": expected nested arrays of numbers, got "5"'],
    ['[[[2, null]]]', 'expected nested arrays of numbers, got null'],
    ['[[[2, 5], [3]]]', 'nested arrays of one shape'],
    [JSON.stringify([[ids.map((id) => id + 0.5)], [zeros], [ones]]), 'input "input_ids": expected int32'],
    [JSON.stringify([[ids.map(() => 999)], [zeros], [ones]]), 'a whole number from 0 to 210, got 999'],
    ['[]', 'input "input_ids": expected int32 [1,8]'],
    ['[[[1, 2, 3, 4, 5, 6, 7, 8, 9]]]', 'must match the existing size (8)'],
  ])('refuses %s', async (input, message) => expect(await failure(3, ['run', 'bare.tracelet'], { input })).toContain(message));

  test('refuses arrays of any depth', async () => {
    const input = '['.repeat(1e5) + ']'.repeat(1e5);
    expect(await failure(3, ['run', 'bare.tracelet'], { input })).toContain('expected nested arrays of numbers, got an array');
  });
});

/** A module that tells of every thread. */
const WATCH = `
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args);
    process.stderr.write('a thread\\n');
  }
};
syncBuiltinESMExports();
`;

describe('--threads', () => {
  test.each(['2', 'auto'])('%s changes no bit', async (threads) => {
    const args = ['embed', '--json', '-m', 'sentence.tracelet', 'paris', 'a frog'];
    expect(await answer([...args, '--threads', threads])).toBe(await answer(args));
  });

  test.each([
    ['embed', '-m', 'sentence.tracelet', 'paris'],
    ['run', 'bare.tracelet'],
    ['profile', 'bare.tracelet', '--seconds', '0.01'],
    ['bench', 'bare.tracelet', '--seconds', '0.01', '--kernels', 'baseline'],
  ])('starts the threads of %s', async (...args) => {
    writeFileSync(at('watch.mjs'), WATCH);
    const env = { NODE_OPTIONS: `--import=${pathToFileURL(at('watch.mjs'))}` };
    const started = async (...more: string[]) =>
      (await call([...args, ...more], { env, input: '{"text": "paris"}' })).stderr.split('a thread\n').length - 1;
    expect(await started()).toBe(0);
    expect(await started('--threads', '3')).toBe(2);
  });

  test('is told by bench', async () => {
    const out = await answer(['bench', 'bare.tracelet', '--seconds', '0.05', '--threads', '2']);
    expect(out).toMatch(/^threads +2 threads: so many were asked for$/m);
  });

  test('is a whole number or auto', async () => {
    expect(await failure(2, ['run', 'bare.tracelet', '--threads', 'many'])).toContain('It must be a whole number from 1 to 64.');
  });
});

describe('embed', () => {
  test('--json prints a line for each text', async () => {
    const expected = await (await load('sentence.tracelet')).embed(['paris', 'a frog']);
    const vectors = (await lines(['embed', '--json', '-m', 'sentence.tracelet', 'paris', 'a frog'])).map((line) => JSON.parse(line));
    expect(vectors.map(({ text }) => text)).toEqual(['paris', 'a frog']);
    expect(vectors.map(({ embedding }) => embedding.map(Math.fround))).toEqual(expected.tolist());
  });

  const long = 'frog '.repeat(20);
  const stdin = { input: `one\r\n\n${long}` };
  const textsIn = (stdout: string) =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).text);

  test('lines of stdin, and long texts cut with a remark', async () => {
    const { status, stdout, stderr } = await call(['embed', '--json', '--truncate', '-m', 'sentence.tracelet', '-', 'last'], stdin);
    expect(textsIn(stdout)).toEqual(['one', '', long, 'last']);
    expect(stderr).toMatch(/^tracelet: "frog .*…" has 22 tokens, of which the trace takes 16\n$/);
    expect(status).toBe(0);
  });

  test('long texts in chunks, or else an error behind what came before', async () => {
    const args = ['embed', '--json', '-m', 'sentence.tracelet', '-'];
    const [, , pooled] = await lines([...args, '--chunk', '--batch-tokens', '5'], stdin);
    const expected = await (await load('sentence.tracelet')).embed(long, { chunk: true });
    expect([JSON.parse(pooled).embedding.map(Math.fround)]).toEqual(expected.tolist());
    expect(await lines([...args, '--overlap', '4'], stdin)).toHaveLength(3);
    const { status, stdout, stderr } = await call(args, stdin);
    expect(textsIn(stdout)).toEqual(['one', '']);
    expect(stderr).toMatch(/^tracelet: text 3: expected at most 16 tokens, .*, got 22 for "frog .* --truncate leaves out .* --chunk pools/);
    expect(stderr).not.toContain('option');
    expect(status).toBe(3);
    expect(await failure(2, [...args, '--chunk', '--truncate'])).toContain('cannot be used with');
  });

  test('a line is answered when it comes', async () => {
    const { child, result } = start(['embed', '--json', '-m', 'sentence.tracelet', '-']);
    child.stdin.write('one\n');
    const [first] = await once(child.stdout, 'data');
    expect(JSON.parse(first).text).toBe('one');
    child.stdin.end('two\n');
    expect(textsIn((await result).stdout)).toEqual(['one', 'two']);
  });

  test('a table of similarities, or of nearest texts where there are many', async () => {
    const table = await lines(['embed', '-m', 'sentence.tracelet', 'paris', 'paris', 'a frog']);
    expect(table).toHaveLength(4);
    expect(table[1]).toMatch(/^1 {2}paris +1\.000 +1\.000 +-?0\.\d{3} +-?\d\.\d{3} .* … \(48\)$/);
    const many = await lines(['embed', '-m', 'sentence.tracelet', '-'], { input: WORDS.split(' ').join('\n') });
    expect(many[0]).toMatch(/text +cosine +nearest +vector/);
    for (const [i, line] of many.slice(1).entries()) {
      const [, text, cosine, nearest] = line.trim().split(/ +/);
      expect([text, Number(cosine) <= 1, nearest === `${i + 1}`]).toEqual([WORDS.split(' ')[i], true, false]);
    }
    for (const [count, head] of [[10, / 9 +10 +vector$/], [11, /text +cosine +nearest/]] as const) // biome-ignore format: one row
      expect((await lines(['embed', '-m', 'sentence.tracelet', '-'], { input: 'frog\n'.repeat(count) }))[0]).toMatch(head);
    expect(await answer(['embed', '-m', 'sentence.tracelet', 'paris'])).toMatch(/^ +text +vector\n1 +paris/);
  });

  test('the model of the package', async () => {
    const root = at('package');
    cpSync(join(ROOT, 'dist'), join(root, 'dist'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(root, 'package.json'));
    mkdirSync(join(root, 'node_modules/@tracelet'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules/commander'), join(root, 'node_modules/commander'), 'junction');
    const main = join(root, 'dist/cli/main.js');
    expect(await failure(3, ['embed', 'paris'], { main })).toContain('or name a trace with -m FILE');
    const model = join(root, 'node_modules/@tracelet/all-minilm-l6-v2');
    mkdirSync(model);
    cpSync(join(ROOT, 'models/all-MiniLM-L6-v2/package.json'), join(model, 'package.json'));
    cpSync(at('sentence.tracelet'), join(model, 'model.tracelet'));
    expect(await answer(['embed', 'paris', '--json'], { main })).toBe(
      await answer(['embed', 'paris', '--json', '-m', 'sentence.tracelet']),
    );
    expect((await json(['inspect', 'package/node_modules/@tracelet/all-minilm-l6-v2', '--json'])).file).toMatch(/model\.tracelet$/);
  });
});

describe('fill', () => {
  const text = '[MASK] is the [MASK] of France.';

  test('a directory and its trace agree', async () => {
    const fromDirectory = await json(['fill', text, '-m', 'masked', '--json']);
    const fromTrace = await json(['fill', text, '-m', 'masked.tracelet', '--json']);
    expect(fromDirectory.map((mask: unknown[]) => mask.length)).toEqual([5, 5]);
    for (const [i, mask] of fromDirectory.entries())
      for (const [j, { token, id, probability }] of mask.entries()) {
        expect(WORDS.split(' ')[id]).toBe(token);
        expect(fromTrace[i][j]).toMatchObject({ token, id });
        expect(fromTrace[i][j].probability).toBeCloseTo(probability, 6);
        expect(probability).toBeLessThanOrEqual(j === 0 ? 1 : mask[j - 1].probability);
      }
  });

  test('as a list', async () => {
    expect(await answer(['fill', 'Paris is [MASK].', '-m', 'masked.tracelet', '--top', '2'])).toMatch(/^(\S+ +\d+\.\d\d %\n){2}$/);
    expect(await answer(['fill', text, '-m', 'masked.tracelet', '--top', '1'])).toMatch(/^\[MASK\] 1\n\S+ .*\n\n\[MASK\] 2\n\S+ .*\n$/);
  });

  test('refuses a text that is longer than the model, by one token', async () => {
    expect(await lines(['fill', `[MASK] ${'frog '.repeat(61)}`, '-m', 'masked', '--top', '1'])).toHaveLength(1);
    expect(await failure(3, ['fill', `[MASK] ${'frog '.repeat(62)}`, '-m', 'masked'])).toBe(
      'tracelet: the text: expected at most 64 tokens, which the model takes, got 65\n',
    );
  });

  test('names only tokens that the model has scores for', async () => {
    directory('more', 'bert-BertForMaskedLM');
    const { vocab_size } = JSON.parse(readFileSync(at('more', 'config.json'), 'utf8'));
    const first = WORDS.split(' ').length;
    const added = Array.from({ length: vocab_size + 2 - first }, (_, i) => [`<${i}>`, first + i]);
    writeFileSync(at('more', 'added_tokens.json'), JSON.stringify(Object.fromEntries(added)));
    const [words] = await json(['fill', '[MASK]', '-m', 'more', '--top', '1000', '--json']);
    const ids = words.map(({ id }: { id: number }) => id).sort((a: number, b: number) => a - b);
    expect([ids.length, ids.at(-1)]).toEqual([new Set(WORDS.split(' ')).size + vocab_size - first, vocab_size - 1]);
    expect(words.every(({ probability }: { probability: number | null }) => Number(probability) > 0)).toBe(true);
  });

  test('refuses scores of labels', async () => {
    await answer(['trace', directory('labels', 'bert-BertForTokenClassification'), '-o', 'labels.tracelet', '--seq', '8']);
    expect(await failure(3, ['fill', '[MASK]', '-m', 'labels.tracelet'])).toContain('expected logits [batch, sequence, vocabulary]');
  });
});

test.skipIf(process.platform !== 'linux')('output that cannot be written is an error of its own, without a stack (needs /dev/full)', () => {
  const main = join(ROOT, 'dist/cli/main.js');
  const line = `"${process.execPath}" "${main}" inspect "${at('bare.tracelet')}" > /dev/full`;
  const { status, stderr } = spawnSync(line, { shell: true, encoding: 'utf8' });
  expect(stderr).toMatch(/^tracelet: the output cannot be written: .*ENOSPC.*\n$/);
  expect(status).toBe(3);
});
