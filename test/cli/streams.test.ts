import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { answer, at, call, directory, failure, json, lines, withTraces } from '../support/cli.ts';
import { shell } from '../support/command.ts';

withTraces();

const POSIX = process.platform !== 'win32';
const EMBED = ['embed', '-m', 'sentence.tracelet'];

describe('one line out for each line in', () => {
  const textsFor = async (input: string) => {
    const { status, stdout } = await call([...EMBED, '--json', '-'], { input });
    expect(status).toBe(0);
    return stdout === ''
      ? []
      : stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line).text);
  };

  test.concurrent.each([
    ['', []],
    ['\n', ['']],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\n\n', ['a', '']],
    ['\r\na\r\n \r\nb\r', ['', 'a', ' ', 'b']],
    ['\ufeffa\nb', ['a', 'b']],
    ['a\u2028b\vc\n', ['a\u2028b\vc']],
  ])('%j', async (input, texts) => expect(await textsFor(input)).toEqual(texts));

  test('a blank line has the vector of an empty text', async () => {
    const [line] = await lines([...EMBED, '--json', '-'], { input: '\n' });
    expect(line).toBe((await lines([...EMBED, '--json', '']))[0]);
  });

  test('in the table as well', async () => {
    expect(await lines([...EMBED, '-'], { input: 'paris\n\nfrog\n' })).toHaveLength(4);
    expect(await lines([...EMBED, 'paris\tis\nthe'])).toHaveLength(2);
  });

  test.each([[[]], [['--json']]])('of no lines no answer: %j', async (options) => {
    expect(await call([...EMBED, ...options, '-'], { input: '' })).toEqual({
      status: 0,
      stdout: '',
      stderr: 'tracelet: no lines on stdin, so there is no answer\n',
    });
  });

  test('what is not UTF-8 is an error behind what came before', async () => {
    writeFileSync(at('latin.txt'), Uint8Array.of(0x61, 0x0a, 0x66, 0xfc, 0x0a));
    const { status, stderr } = spawnSync('sh', ['-c', shell('tracelet embed -m sentence.tracelet --json - < latin.txt')], {
      cwd: at(),
      encoding: 'utf8',
    });
    expect(stderr).toBe('tracelet: stdin: expected UTF-8, got other bytes. Give it as UTF-8 text\n');
    expect(status).toBe(3);
  });

  test.each([
    ['run', 'bare.tracelet'],
    ['run', 'bare.tracelet', '--pad'],
  ])('a value is needed: %s %s', async (...args) => {
    expect(await failure(3, args, { input: '\n' })).toBe('tracelet: stdin: expected JSON, got nothing\n');
  });
});

describe.skipIf(!POSIX)('stdout', () => {
  const run = (line: string) => spawnSync('sh', ['-c', shell(line)], { cwd: at(), encoding: 'utf8' });

  test.each([
    'tracelet embed -m sentence.tracelet paris',
    'tracelet embed -m sentence.tracelet --json paris',
    'tracelet inspect bare.tracelet',
    'tracelet fill "[MASK]" -m masked.tracelet',
    `echo '{"text": "paris"}' | tracelet run bare.tracelet`,
  ])('%s: nobody gets the answer where it is closed', (line) => {
    const { status, stderr } = run(`${line} >&-`);
    expect(stderr).toMatch(/^tracelet: stdout: expected a place for the answer, got none/);
    expect(status).toBe(3);
    expect(run(`${line} > /dev/null`)).toMatchObject({ status: 0, stderr: '' });
  });

  test('what is done elsewhere does not need it', () => {
    expect(run('tracelet trace bare -o closed.tracelet --seq 8 >&-').status).toBe(0);
    expect(run('tracelet verify closed.tracelet >&-').status).toBe(0);
  });

  test.each(['-', '/dev/stdout'])('-o %s is written to it, and remarks go elsewhere', (name) => {
    const { status, stderr } = run(`tracelet trace bare -o ${name} --seq 8 > piped.tracelet`);
    expect(stderr).toMatch(/^wrote +\/dev\/stdout, .*\nmodel +BertModel/);
    expect(status).toBe(0);
    expect(readFileSync(at('piped.tracelet'))).toEqual(readFileSync(at('bare.tracelet')));
    expect(run(`tracelet trace bare -o ${name} --seq 8 2> /dev/null | cat > again.tracelet`).status).toBe(0);
    expect(readFileSync(at('again.tracelet'))).toEqual(readFileSync(at('bare.tracelet')));
  });
});

describe.skipIf(!POSIX)('what --output names', () => {
  const TRACE = ['trace', 'bare', '--seq', '8', '-o'];

  test('is written through a link', async () => {
    mkdirSync(at('links'));
    writeFileSync(at('links/file'), 'before');
    symlinkSync('file', at('links/link'));
    symlinkSync('missing', at('links/dangling'));
    for (const [name, target] of [
      ['link', 'file'],
      ['dangling', 'missing'],
    ]) {
      await answer([...TRACE, `links/${name}`]);
      expect(readlinkSync(at('links', name))).toBe(target);
      expect(readFileSync(at('links', target))).toEqual(readFileSync(at('bare.tracelet')));
    }
    expect(readdirSync(at('links')).sort()).toEqual(['dangling', 'file', 'link', 'missing']);
  });

  test.each([
    ['trace', 'bare', '--seq', '8'],
    ['trace', 'bare.tracelet'],
    ['quantize', 'bare.tracelet'],
  ])('is a pipe that stays one: %s %s', async (...args) => {
    execFileSync('mkfifo', [at('pipe')]);
    const [content, said] = await Promise.all([readFile(at('pipe')), call([...args, '-o', 'pipe'])]);
    expect(said.status).toBe(0);
    expect(said.stdout).toContain('wrote');
    expect(said.stdout).not.toContain(' 0 B');
    expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
    writeFileSync(at('from-pipe.tracelet'), content);
    expect((await call(['verify', 'from-pipe.tracelet'])).status).toBe(0);
    execFileSync('rm', [at('pipe')]);
  });

  test('is a device that stays one', async () => {
    expect(await answer([...TRACE, '/dev/null'])).toMatch(/^wrote +\/dev\/null, 2\d\d/);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('is nothing that the command reads: that stays as it is', async () => {
    mkdirSync(at('own'));
    const folder = directory('own/bert', 'bert-BertModel');
    const trace = 'own/a.tracelet';
    mkdirSync(at('own/only'));
    for (const to of [trace, 'own/only/model.tracelet']) cpSync(at('bare.tracelet'), at(to));
    writeFileSync(at('own/texts'), 'paris is\n');
    linkSync(at(trace), at('own/hard'));
    symlinkSync('a.tracelet', at('own/soft'));
    const safetensors = `${folder}/model.safetensors`;
    const pickled = `${folder}/pytorch_model.bin`;
    writeFileSync(at(pickled), '');
    const sizes = () => readdirSync(at('own'), { recursive: true }).map((name) => [name, statSync(at('own', String(name))).size]);
    const before = sizes();
    for (const [args, got] of [
      [['trace', trace, '-o', trace], trace],
      [['quantize', trace, '-o', trace], trace],
      [['quantize', trace, '-o', 'own/hard'], trace],
      [['trace', trace, '-o', 'own/soft'], trace],
      [['trace', 'own/soft', '-o', trace], 'own/soft'],
      [['quantize', trace, '-o', 'own/texts', '--calibrate', 'own/texts'], 'own/texts'],
      [['trace', folder, '-o', safetensors], `one in ${folder}`],
      [['trace', safetensors, '-o', `${folder}/config.json`], `one in ${folder}`],
      [['trace', pickled, '-o', `${folder}/config.json`], `one in ${folder}`],
      [['quantize', folder, '-o', `${folder}/vocab.txt`], `one in ${folder}`],
      [['trace', 'own/only', '-o', 'own/only/model.tracelet'], 'own/only/model.tracelet'],
      [['profile', trace, '--chrome', trace], trace],
    ] as const)
      expect(await failure(3, args)).toMatch(
        new RegExp(`expected a file that the command does not read, got ${got}\\. Write to another one`),
      );
    expect(sizes()).toEqual(before);
    for (let turn = 0; turn < 2; turn++) await answer(['trace', folder, '-o', `${folder}/model.tracelet`, '--seq', '8']);
  });

  test('cannot be written: an error before any work', async () => {
    for (const name of ['links', 'no/where', 'bare.tracelet/below', 'none/', '']) {
      expect(await failure(3, ['trace', 'nowhere', '-o', name])).not.toContain('nowhere');
      expect(await failure(3, ['profile', 'nowhere.tracelet', '--chrome', name])).not.toContain('nowhere');
    }
    if (process.platform === 'linux') expect(await failure(3, [...TRACE, '/dev/full'])).toContain('ENOSPC');
  });
});

describe('a trace of a trace', () => {
  test('keeps its integers under another head, and says what it wrote', async () => {
    await answer(['quantize', 'sentence.tracelet', '-o', 'sentence8.tracelet', '--json', '--bits', '8']);
    const { stdout: said, stderr } = await call(['trace', 'sentence8.tracelet', '-o', 'inner.tracelet', '--head', 'model']);
    expect(stderr).toBe('tracelet: sentence8.tracelet has no pooler, so the trace answers without pooler_output\n');
    const { weights, parameters } = await json(['inspect', 'inner.tracelet', '--json']);
    const share = ((100 * weights.int8.parameters) / parameters).toFixed(1);
    expect(said).toContain(`BertModel, int8 weights (${share} % of ${parameters.toLocaleString('en-US')}), the others float32`);
    const outer = await json(['inspect', 'sentence8.tracelet', '--json']);
    expect(weights.int8).toEqual(outer.weights.int8);
    const input = { input: '{"text": "paris is the capital"}' };
    const wanted = await json(['run', 'sentence8.tracelet', '--output', 'last_hidden_state'], input);
    expect(await json(['run', 'inner.tracelet', '--output', 'last_hidden_state'], input)).toEqual(wanted);
    const { stdout } = await call(['trace', 'sentence8.tracelet', '-o', 'inner.tracelet', '--head', 'model', '--dtype', 'f32']);
    expect(stdout).toContain('BertModel, float32 weights\n');
  });

  test('of four bits says eight where rows do not divide into groups', async () => {
    expect(await answer(['trace', 'bare', '-o', 'four.tracelet', '--seq', '8', '--dtype', 'q4'])).toContain('BertModel, int8 weights (');
  });

  test('is made anew by quantize where sizes are given', async () => {
    await answer(['quantize', 'sentence.tracelet', '-o', 'shorter.tracelet', '--json', '--seq', '7']);
    expect((await json(['inspect', 'shorter.tracelet', '--json'])).inputs[0].shape).toEqual([1, 7]);
  });

  test('has sizes within the bounds that are asked for', async () => {
    await answer(['trace', 'bare', '-o', 'bounds.tracelet', '--dynamic', 'batch=2:3,sequence=1:9']);
    expect((await json(['inspect', 'bounds.tracelet', '--json'])).dynamic).toEqual({ batch: [2, 3], sequence: [1, 9] });
  });
});
