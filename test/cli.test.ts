import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jit, type Tensor, tensor } from '../src/index.ts';
import { fixture } from './fixtures.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAIN = join(ROOT, 'dist/cli/main.js');
const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const COMMANDS = ['trace', 'run', 'embed', 'fill', 'inspect', 'verify', 'bench'];
const WORDS = '[PAD] [UNK] [CLS] [SEP] [MASK] paris is the capital of france . who was jim henson ? a puppeteer , and voice frog';

const ENV = { ...process.env, TRACELET_DEBUG: '' };
const POSIX = process.platform !== 'win32';

let home: string;
const at = (...parts: string[]): string => join(home, ...parts);

interface Call {
  input?: string;
  main?: string;
  env?: Record<string, string>;
}

interface Result {
  status: number | NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

function start(args: readonly string[], { main = MAIN, env = {} }: Call = {}) {
  const child = spawn(process.execPath, [main, ...args], { cwd: home, env: { ...ENV, ...env } });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (piece) => {
      out[name] += piece;
    });
  const result = new Promise<Result>((resolve) => child.on('close', (status, signal) => resolve({ status: status ?? signal, ...out })));
  return { child, result };
}

/** Runs the command line in `home`. */
function call(args: readonly string[], options: Call = {}): Promise<Result> {
  const { child, result } = start(args, options);
  child.stdin.on('error', () => {}).end(options.input);
  return result;
}

/** Output of a call that succeeds. */
async function answer(args: readonly string[], options: Call = {}): Promise<string> {
  const { status, stdout, stderr } = await call(args, options);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

/** Lines of the output of a call that succeeds. */
const lines = async (args: readonly string[], options: Call = {}) => (await answer(args, options)).trimEnd().split('\n');

const json = async (args: readonly string[], options: Call = {}) => JSON.parse(await answer(args, options));

/** Message of a call that fails with `status`. */
async function failure(status: number, args: readonly string[], options: Call = {}): Promise<string> {
  const result = await call(args, options);
  expect(result.stdout).toBe('');
  expect(result.stderr).not.toMatch(/^\s+at /m);
  for (const line of result.stderr.trimEnd().split('\n')) expect(line).toMatch(/^(tracelet: |See tracelet )/);
  expect(result.status).toBe(status);
  return result.stderr;
}

/** A directory of transformers, with a vocabulary unless told otherwise. */
function directory(name: string, from: string, options: { vocab?: boolean } = {}): string {
  mkdirSync(at(name));
  for (const file of ['config.json', 'model.safetensors']) cpSync(fixture(`zoo/${from}/${file}`), at(name, file));
  if (options.vocab !== false) writeFileSync(at(name, 'vocab.txt'), `${WORDS.split(' ').join('\n')}\n`);
  return name;
}

function sentenceDirectory(name: string, modules: readonly string[]): string {
  directory(name, 'bert-BertModel');
  const types = modules.map((type, idx) => ({ idx, name: `${idx}`, path: '', type: `sentence_transformers.models.${type}` }));
  writeFileSync(at(name, 'modules.json'), JSON.stringify(types));
  mkdirSync(at(name, '1_Pooling'));
  writeFileSync(at(name, '1_Pooling/config.json'), JSON.stringify({ pooling_mode_mean_tokens: true, pooling_mode_cls_token: false }));
  return name;
}

const load = (file: string) => jit.load(at(file), { kernels: 'baseline' });
const list = (value: unknown): unknown => (value as Tensor).tolist();

/** Dimensions of the inputs and outputs of a trace, by name. */
async function shapes(file: string): Promise<Record<'inputs' | 'outputs', Record<string, number[]>>> {
  const { inputs, outputs } = await json(['inspect', file, '--json']);
  const byName = (signatures: { name: string; shape: number[] }[]) =>
    Object.fromEntries(signatures.map(({ name, shape }) => [name, shape]));
  return { inputs: byName(inputs), outputs: byName(outputs) };
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'tracelet-cli-'));
  await answer(['trace', directory('bare', 'bert-BertModel'), '-o', 'bare.tracelet', '--seq', '8']);
  await answer(['trace', directory('masked', 'bert-BertForMaskedLM'), '-o', 'masked.tracelet', '--seq', '16']);
  await answer(['trace', sentenceDirectory('sentence', ['Transformer', 'Pooling', 'Normalize']), '-o', 'sentence.tracelet', '--seq', '16']);
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('the program', () => {
  test.concurrent.each(COMMANDS)('%s --help has examples', async (command) => {
    const help = await answer([command, '--help']);
    expect(help).toContain(`Usage: tracelet ${command}`);
    expect(help).toMatch(new RegExp(`Examples:\\n(  \\$ .*tracelet ${command} .*\\n)+$`));
    expect(await answer(['help', command])).toBe(help);
  });

  test('--help lists commands and exit statuses, --version tells the version', async () => {
    const help = await answer(['--help']);
    for (const command of COMMANDS) expect(help).toMatch(new RegExp(`^  ${command} `, 'm'));
    for (const status of [0, 1, 2, 3, 70, 130]) expect(help).toMatch(new RegExp(`^  ${status} `, 'm'));
    expect(await answer(['--version'])).toBe(`${PACKAGE.version}\n`);
  });

  test.concurrent.each([
    [['bogus'], "unknown command 'bogus'"],
    [['trace', '-o', 'x'], 'missing required argument'],
    [['trace', 'bare'], "required option '-o, --output <file>'"],
    [['trace', 'bare', '-o'], 'argument missing'],
    [['trace', 'bare', '-o', 'x', '--seq', '0'], 'a whole number from 1'],
    [['trace', 'bare', '-o', 'x', '--batch', '1.5'], 'a whole number from 1'],
    [['trace', 'bare', '-o', 'x', '--dtype', 'q4'], 'Allowed choices are f32, q8'],
    [['trace', 'bare', '-o', 'x', '--head', 'tail'], 'It must be one of model, mlm'],
    [['inspect', 'bare.tracelet', 'other'], 'too many arguments'],
    [['inspect', 'bare.tracelet', '--bogus'], "unknown option '--bogus'"],
    [['bench', 'bare.tracelet', '--seconds', '-1'], 'seconds above 0'],
    [['bench', 'bare.tracelet', '--kernels', 'fast'], 'Allowed choices are baseline, relaxed, debug'],
    [['fill', '[MASK]', '-m', 'masked', '--top', 'all'], 'a whole number from 1'],
    [['verify'], 'missing required argument'],
  ])('%j is a usage error', async (args, message) => expect(await failure(2, args)).toContain(message));

  test('a program without a command prints help and fails', async () => {
    const { status, stdout, stderr } = await call([]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('Usage: tracelet');
  });

  test.concurrent.each([
    [['trace', 'nowhere', '-o', 'x'], 'configuration of nowhere: expected the file nowhere/config.json'],
    [['trace', 'bare', '-o', 'no/where'], 'expected a file in a directory that exists'],
    [['trace', 'bare', '-o', 'masked'], 'expected a file to write, got a directory'],
    [['trace', 'bare', '-o', 'x', '--seq', '65'], '--seq: expected at most the model’s 64 positions, got 65'],
    [['trace', 'bare', '-o', 'x', '--head', 'mlm'], 'expected the tensors cls.'],
    [['run', 'nowhere.tracelet'], 'nowhere.tracelet: expected a readable file, got ENOENT'],
    [['run', 'bare'], 'tracelet trace bare -o model.tracelet'],
    [['run', 'bare.tracelet', '--output', 'logits'], 'expected one of last_hidden_state, pooler_output, got "logits"'],
    [['run', 'bare.tracelet', '--input', 'nowhere.json'], 'nowhere.json: expected a readable file'],
    [['inspect', 'bare/model.safetensors'], 'expected a trace'],
    [['inspect', 'bare/vocab.txt'], 'bare/vocab.txt'],
    [['embed', 'hello', '-m', 'bare.tracelet'], 'Trace a SentenceEmbedder'],
    [['embed', '-', '-m', 'sentence.tracelet'], 'at least one line on stdin'],
    [['fill', 'paris', '-m', 'masked'], 'expected [MASK] among its first 3 tokens'],
    [['fill', '[MASK]', '-m', 'bare.tracelet'], '--head mlm'],
    [['bench', 'nowhere.tracelet'], 'nowhere.tracelet'],
    [['verify', 'nowhere.tracelet'], 'nowhere.tracelet'],
  ])('%j is an error of its input', async (args, message) => expect(await failure(3, args)).toContain(message));

  test('TRACELET_DEBUG=1 shows the stack', async () => {
    const { status, stderr } = await call(['run', 'nowhere.tracelet'], { env: { TRACELET_DEBUG: '1' } });
    expect(status).toBe(3);
    expect(stderr).toMatch(/TraceletError: nowhere[^\n]*\n\s+at /);
  });

  test('a closed output pipe is quiet', async () => {
    const { child, result } = start(['inspect', 'bare.tracelet', '--graph']);
    child.stdout.destroy();
    expect(await result).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

describe.skipIf(!POSIX)('interruption', () => {
  /** Interrupts a call while it reads `fifo`, and answers with its exit status and stderr. */
  async function interrupt(args: readonly string[], fifo: string, signal: NodeJS.Signals) {
    execFileSync('mkfifo', [at(fifo)]);
    const { child, result } = start(args);
    const writer = await open(at(fifo), 'w');
    child.kill(signal);
    await setTimeout(200);
    await writer.writeFile('{}').catch(() => {});
    await writer.close();
    rmSync(at(fifo));
    return result;
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s while a model is read leaves no file', async (signal, status) => {
    mkdirSync(at(signal));
    directory(`${signal}-model`, 'bert-BertModel');
    const args = ['trace', `${signal}-model`, '-o', `${signal}/out.tracelet`];
    const result = await interrupt(args, `${signal}-model/special_tokens_map.json`, signal);
    expect(result).toEqual({ status, stdout: '', stderr: 'tracelet: interrupted\n' });
    expect(readdirSync(at(signal))).toEqual([]);
  });

  test('SIGINT while waiting for input', async () => {
    const result = await interrupt(['run', 'bare.tracelet', '--input', 'waiting.json'], 'waiting.json', 'SIGINT');
    expect(result).toEqual({ status: 130, stdout: '', stderr: 'tracelet: interrupted\n' });
  });
});

describe('trace', () => {
  test('says what it wrote', async () => {
    const out = await answer(['trace', 'bare', '-o', 'said.tracelet']);
    const size = statSync(at('said.tracelet')).size.toLocaleString('en-US');
    expect(out).toContain(`said.tracelet, 2`);
    expect(out).toContain(`(${size} bytes)`);
    expect(out).toContain('BertModel, float32 weights');
    expect(out).toContain('input_ids int32 [1, 64]');
    expect(out).toMatch(/a call +\d+ instructions, [\d.]+ MFLOP, arena of [\d.]+ KiB/);
  });

  test.concurrent.each([
    ['bert-BertForPreTraining', 'pretraining', { prediction_logits: [2, 9, 211], seq_relationship_logits: [2, 2] }],
    ['bert-BertForNextSentencePrediction', 'nsp', { logits: [2, 2] }],
    ['bert-BertForSequenceClassification', 'classify', { logits: [2, 3] }],
    ['bert-BertForMultipleChoice', 'choice', { logits: [2, 2] }],
    ['bert-BertForTokenClassification', 'tokens', { logits: [2, 9, 3] }],
    ['bert-BertForQuestionAnswering', 'qa', { start_logits: [2, 9], end_logits: [2, 9] }],
    ['bert-BertForMaskedLM', 'mlm', { logits: [2, 9, 211] }],
    ['bert-BertForQuestionAnswering', 'BertForQuestionAnswering', { start_logits: [2, 9], end_logits: [2, 9] }],
  ])('%s, stated by the directory or by --head %s', async (from, head, outputs) => {
    const name = directory(`${head}-model`, from);
    const dimensions = ['--seq', '9', '--batch', '2'];
    await answer(['trace', name, '-o', `${head}1.tracelet`, ...dimensions]);
    await answer(['trace', name, '-o', `${head}2.tracelet`, ...dimensions, '--head', head]);
    const traced = await shapes(`${head}1.tracelet`);
    expect(traced.outputs).toEqual(outputs);
    expect(traced.inputs.input_ids).toEqual(head === 'choice' ? [2, 2, 9] : [2, 9]);
    expect(readFileSync(at(`${head}2.tracelet`))).toEqual(readFileSync(at(`${head}1.tracelet`)));
  });

  test('a directory of sentence-transformers becomes a SentenceEmbedder', async () => {
    expect((await shapes('sentence.tracelet')).outputs.sentence_embedding).toEqual([1, 48]);
    sentenceDirectory('dense', ['Transformer', 'Pooling', 'Dense']);
    expect(await failure(3, ['trace', 'dense', '-o', 'x'])).toContain('only the parts Transformer, Pooling, Normalize, got Dense');
    await answer(['trace', 'dense', '-o', 'encoder.tracelet', '--head', 'model']);
  });

  test('--dtype q8 makes a smaller trace; a trace of a trace is the same trace', async () => {
    await answer(['trace', 'bare', '-o', 'q8.tracelet', '--seq', '8', '--dtype', 'q8']);
    expect(statSync(at('q8.tracelet')).size).toBeLessThan(0.6 * statSync(at('bare.tracelet')).size);
    for (const file of ['q8.tracelet', 'sentence.tracelet']) {
      await answer(['trace', file, '-o', 'again.tracelet']);
      expect(readFileSync(at('again.tracelet'))).toEqual(readFileSync(at(file)));
    }
    await answer(['trace', 'q8.tracelet', '-o', 'again.tracelet', '--dtype', 'f32', '--seq', '5']);
    expect((await shapes('again.tracelet')).inputs.input_ids).toEqual([1, 5]);
    expect((await json(['inspect', 'again.tracelet', '--json'])).weights).not.toHaveProperty('int8');
  });

  test('without a tokenizer it says so, and makes the same trace each time', async () => {
    directory('mute', 'bert-BertModel', { vocab: false });
    for (const file of ['mute1.tracelet', 'mute2.tracelet']) {
      const { status, stderr } = await call(['trace', 'mute', '-o', file, '--seq', '8']);
      expect(stderr).toContain('takes ids and no texts');
      expect(status).toBe(0);
    }
    expect(readFileSync(at('mute1.tracelet'))).toEqual(readFileSync(at('mute2.tracelet')));
    expect(await failure(3, ['run', 'mute1.tracelet'], { input: '{"text": "paris"}' })).toContain('tokenizer of the trace');
  });

  test('--no-fusion and --no-check', async () => {
    await answer(['trace', 'bare', '-o', 'unfused.tracelet', '--seq', '8', '--no-fusion', '--no-check']);
    const [unfused, fused] = await Promise.all(['unfused.tracelet', 'bare.tracelet'].map((file) => json(['inspect', file, '--json'])));
    expect(unfused.instructions).toBeGreaterThan(fused.instructions);
  });

  test('a failure leaves the file that was there', async () => {
    mkdirSync(at('kept'));
    writeFileSync(at('kept/out.tracelet'), 'before');
    await failure(3, ['trace', 'bare', '-o', 'kept/out.tracelet', '--head', 'qa']);
    expect(readdirSync(at('kept'))).toEqual(['out.tracelet']);
    expect(readFileSync(at('kept/out.tracelet'), 'utf8')).toBe('before');
  });
});

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
    const expected = await traced.run(traced.encode('Who was Jim?', 'a frog'));
    const out = await json(['run', 'bare.tracelet'], { input: '{"text": "Who was Jim?", "pair": "a frog"}' });
    expect(out.pooler_output.data.flat().map(Math.fround)).toEqual((list(expected.pooler_output) as number[][]).flat());
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
    [JSON.stringify([[ids]]), 'input "token_type_ids": expected int32 [1,8]'],
    ['[[[1, 2, 3, 4, 5, 6, 7, 8, 9]]]', 'must match the existing size (8)'],
  ])('refuses %s', async (input, message) => expect(await failure(3, ['run', 'bare.tracelet'], { input })).toContain(message));

  test('refuses arrays of any depth', async () => {
    const input = '['.repeat(1e5) + ']'.repeat(1e5);
    expect(await failure(3, ['run', 'bare.tracelet'], { input })).toContain('expected nested arrays of numbers, got an array');
  });
});

describe('embed', () => {
  test('--json prints a line for each text', async () => {
    const expected = await (await load('sentence.tracelet')).embed(['paris', 'a frog']);
    const vectors = (await lines(['embed', '--json', '-m', 'sentence.tracelet', 'paris', 'a frog'])).map((line) => JSON.parse(line));
    expect(vectors.map(({ text }) => text)).toEqual(['paris', 'a frog']);
    expect(vectors.map(({ embedding }) => embedding.map(Math.fround))).toEqual(expected.tolist());
  });

  test('lines of stdin, and long texts', async () => {
    const { status, stdout, stderr } = await call(['embed', '--json', '-m', 'sentence.tracelet', '-', 'last'], {
      input: `one\r\n\n${'frog '.repeat(20)}`,
    });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).text),
    ).toEqual(['one', 'frog '.repeat(20), 'last']);
    expect(stderr).toMatch(/^tracelet: "frog .*…" has 22 tokens, of which the trace takes 16\n$/);
    expect(status).toBe(0);
  });

  test('a table of similarities, or of nearest texts where there are many', async () => {
    const table = await lines(['embed', '-m', 'sentence.tracelet', 'paris', 'paris', 'a frog']);
    expect(table).toHaveLength(4);
    expect(table[1]).toMatch(/^1 {2}paris +1\.000 +1\.000 +-?0\.\d{3} +-?\d\.\d{3} .* … \(48\)$/);
    const many = await lines(['embed', '-m', 'sentence.tracelet', '-'], { input: WORDS.split(' ').join('\n') });
    expect(many[0]).toMatch(/text +cosine +nearest +vector/);
    expect(await answer(['embed', '-m', 'sentence.tracelet', 'paris'])).toMatch(/^ +text +vector\n1 +paris/);
  });

  test('the model of the package', async () => {
    const root = at('package');
    cpSync(join(ROOT, 'dist'), join(root, 'dist'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(root, 'package.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction');
    const main = join(root, 'dist/cli/main.js');
    expect(await failure(3, ['embed', 'paris'], { main })).toContain('Name another trace with -m FILE');
    mkdirSync(join(root, 'models/all-MiniLM-L6-v2'), { recursive: true });
    cpSync(at('sentence.tracelet'), join(root, 'models/all-MiniLM-L6-v2/model.tracelet'));
    expect(await answer(['embed', 'paris', '--json'], { main })).toBe(
      await answer(['embed', 'paris', '--json', '-m', 'sentence.tracelet']),
    );
    expect((await json(['inspect', 'package/models/all-MiniLM-L6-v2', '--json'])).file).toMatch(/model\.tracelet$/);
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

  test('refuses scores of labels', async () => {
    await answer(['trace', directory('labels', 'bert-BertForTokenClassification'), '-o', 'labels.tracelet', '--seq', '8']);
    expect(await failure(3, ['fill', '[MASK]', '-m', 'labels.tracelet'])).toContain('expected logits [batch, sequence, vocabulary]');
  });
});

describe('inspect', () => {
  test('a summary', async () => {
    const traced = await load('bare.tracelet');
    const summary = await json(['inspect', 'bare.tracelet', '--json']);
    expect(summary).toMatchObject({
      file: 'bare.tracelet',
      bytes: statSync(at('bare.tracelet')).size,
      inputs: traced.inputs,
      outputs: traced.outputs,
      instructions: traced.plan().instructions.length,
      flops: traced.flops(),
      memory: { arena: traced.plan().arena },
    });
    const counts = Object.values(summary.ops as Record<string, { count: number }>).map(({ count }) => count);
    expect(counts.reduce((a, b) => a + b)).toBe(summary.instructions);
    expect(summary.kernels).toContain('baseline');
    expect(summary.files.map(({ name }: { name: string }) => name)).toContain('vocab.txt');
    const text = await answer(['inspect', 'bare.tracelet']);
    for (const title of ['file', 'inputs', 'outputs', 'weights', 'a call', 'memory', 'files', 'kernels', 'op '])
      expect(text).toMatch(new RegExp(`^${title}`, 'm'));
  });

  test('parameters are counted by dtype', async () => {
    await answer(['trace', 'bare', '-o', 'counted.tracelet', '--dtype', 'q8']);
    const [plain, quantised] = await Promise.all(['bare.tracelet', 'counted.tracelet'].map((file) => json(['inspect', file, '--json'])));
    expect(quantised.parameters).toBe(plain.parameters);
    expect(Object.keys(quantised.weights).sort()).toEqual(['float32', 'int8']);
    expect(quantised.weights.int8.bytes).toBeGreaterThan(quantised.weights.int8.parameters);
    expect(await answer(['inspect', 'counted.tracelet'])).toMatch(/in all +[\d,]+ +parameters/);
  });

  test('--graph, --code, --plan and --files, alone and together', async () => {
    const traced = await load('bare.tracelet');
    expect(await answer(['inspect', 'bare.tracelet', '--graph'])).toBe(`${traced.graph}\n`);
    expect(await answer(['inspect', 'bare.tracelet', '--code'])).toBe(`${traced.code}\n`);
    expect(await answer(['inspect', 'bare.tracelet', '--files'])).toMatch(/^config\.json +[\d,]+ +bytes$/m);
    expect(await answer(['inspect', 'bare.tracelet', '--plan'])).toMatch(/^ *0 +embedding +\[1, 8, 48\]/m);
    const views = await json(['inspect', 'bare.tracelet', '--graph', '--code', '--plan', '--files', '--json']);
    expect(views).toMatchObject({ graph: traced.graph.split('\n'), code: traced.code.split('\n'), plan: traced.plan() });
    expect(views.files).toEqual([...traced.files].map(([name, { length }]) => ({ name, bytes: length })));
  });
});

describe('verify', () => {
  test('prints a line for each file and variant', async () => {
    const found = await lines(['verify', 'bare.tracelet', 'sentence.tracelet']);
    for (const line of found) expect(line).toMatch(/^ok {6}(baseline|relaxed ) {2}\w+\.tracelet: [23] outputs, /);
    expect(found.filter((line) => /baseline.*same bits$/.test(line))).toHaveLength(2);
  });

  test('fails where outputs differ, and where a file is damaged', async () => {
    const traced = await load('bare.tracelet');
    traced.golden.outputs[0].tensor.data[0] = 7;
    await jit.save(traced, at('differs.tracelet'));
    const differs = await call(['verify', 'differs.tracelet', 'bare.tracelet']);
    expect(differs.status).toBe(1);
    expect(differs.stdout).toMatch(/^FAILED {2}baseline {2}differs\.tracelet: 2 outputs, off by at most \S+ \(last_hidden_state\)$/m);
    expect(differs.stdout).toMatch(/^ok .*bare\.tracelet/m);

    const bytes = readFileSync(at('bare.tracelet'));
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(at('damaged.tracelet'), bytes);
    const damaged = await call(['verify', 'damaged.tracelet', 'bare.tracelet']);
    expect(damaged.status).toBe(3);
    expect(damaged.stderr).toMatch(/^tracelet: .*SHA-256/);
    expect(damaged.stdout).toMatch(/^ok .*bare\.tracelet/m);
  });
});

test('bench', async () => {
  const { status, stdout } = await call(['bench', 'bare.tracelet', '--seconds', '0.05']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^machine .*\d cores/m);
  expect(stdout).toMatch(/^runtime +\w+ \d+\.\d+.*tracelet/m);
  expect(stdout).toMatch(/^kernels +calls +median +min +spread +GFLOP\/s\nbaseline +\d+ +[\d.]+ ms +[\d.]+ ms +[\d.]+ % +[\d.]+$/m);
  expect((await call(['bench', 'bare.tracelet', '--seconds', '0.05', '--kernels', 'debug'])).stdout).toMatch(/^debug /m);
});
