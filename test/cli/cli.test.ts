import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { answer, at, call, directory, failure, start, withTraces } from '../support/cli.ts';
import { COMMANDS, ROOT } from '../support/command.ts';

withTraces();

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const POSIX = process.platform !== 'win32';

describe('the program', () => {
  test.concurrent.each(COMMANDS)('%s --help has examples', async (command) => {
    const help = await answer([command, '--help']);
    expect(help).toContain(`Usage: tracelet ${command}`);
    expect(help).toMatch(new RegExp(`Examples:\\n(  \\$ .*tracelet ${command} .*\\n)+$`));
    expect(await answer(['help', command])).toBe(help);
  });

  test('--help lists commands and exit statuses, --version tells the version', async () => {
    const help = await answer(['--help']);
    const [, listed] = /^Commands:\n(.*?)\n\n/ms.exec(help) as RegExpExecArray;
    expect([...listed.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name).sort()).toEqual([...COMMANDS, 'help'].sort());
    for (const status of [0, 1, 2, 3, 70, 130]) expect(help).toMatch(new RegExp(`^  ${status} `, 'm'));
    expect(await answer(['--version'])).toBe(`${version}\n`);
  });

  test.concurrent.each([
    [['bogus'], "unknown command 'bogus'"],
    [['trace', '-o', 'x'], 'missing required argument'],
    [['trace', 'bare'], "required option '-o, --output <file>'"],
    [['trace', 'bare', '-o'], 'argument missing'],
    [['trace', 'bare', '-o', 'x', '--seq', '0'], 'a whole number from 1'],
    [['trace', 'bare', '-o', 'x', '--batch', '1.5'], 'a whole number from 1'],
    [['trace', 'bare', '-o', 'x', '--batch', '65537'], 'a whole number from 1 to 65536'],
    [['trace', 'bare', '-o', 'x', '--dtype', 'q5'], 'Allowed choices are f32, bf16, f16, q8, q4'],
    [['quantize', 'bare', '-o', 'x', '--bits', '3'], 'Allowed choices are 8, 4'],
    [['quantize', 'bare', '-o', 'x', '--keep', '('], 'It must be a regular expression'],
    [['trace', 'bare', '-o', 'x', '--head', 'tail'], 'It must be one of model, mlm'],
    [['trace', 'bare', '-o', 'x', '--head', 'BertModell'], 'Did you mean BertModel?'],
    [['trace', 'bare', '-o', 'x', '--head', 'clasify'], 'Did you mean classify?'],
    [['trace', 'bare', '-o', 'x', '--haed', 'mlm'], 'Did you mean --head?'],
    [['trase'], 'Did you mean trace?'],
    [['inspect', 'bare.tracelet', 'other'], 'too many arguments'],
    [['inspect', 'bare.tracelet', '--bogus'], "unknown option '--bogus'"],
    [['bench', 'bare.tracelet', '--seconds', '-1'], 'seconds above 0'],
    [['bench', 'bare.tracelet', '--seconds', '0'], 'seconds above 0'],
    [['bench', 'bare.tracelet', '--seconds', '3601'], 'at most 3600'],
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
    [['trace', 'nowhere', '-o', 'x'], 'nowhere: expected a directory or file that exists, or a hub id owner/name, got neither'],
    [['trace', 'bare', '-o', 'no/where'], 'expected a file in a directory that exists'],
    [['trace', 'bare', '-o', 'masked'], 'expected a file to write, got a directory'],
    [['trace', 'bare', '-o', 'x', '--seq', '65'], '--seq: expected at most the model’s 64 positions, got 65'],
    [['trace', 'bare', '-o', 'x', '--head', 'mlm'], 'expected the tensors cls.'],
    [['run', 'nowhere.tracelet'], 'nowhere.tracelet: expected a file, got none'],
    [['run', 'bare'], 'tracelet trace bare -o model.tracelet'],
    [['run', 'bare.tracelet', '--output', 'pooler_ouput'], 'Did you mean pooler_output?'],
    [['run', 'bare.tracelet', '--output', 'logits'], 'expected one of last_hidden_state, pooler_output, got "logits"'],
    [['run', 'bare.tracelet', '--input', 'nowhere.json'], 'nowhere.json: expected a readable file'],
    [['inspect', 'bare/model.safetensors'], 'expected a trace'],
    [['inspect', 'bare/vocab.txt'], 'bare/vocab.txt'],
    [
      ['inspect', 'bare.tracelet', '--batch', '7'],
      '--batch: expected a trace that leaves its sizes open, got one with fixed ones. Trace it again with --dynamic',
    ],
    [['trace', 'bare', '-o', 'x', '--dynamic', 'words=1:4'], '--dynamic: words: expected batch, sequence'],
    [['embed', 'hello', '-m', 'sentence.tracelet', '--overlap', '14'], '--overlap: expected a whole number from 0 to 13'],
    [['embed', 'hello', '-m', 'bare.tracelet'], 'Trace a SentenceEmbedder'],
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
    const ended = await result;
    await writer.close();
    rmSync(at(fifo));
    return ended;
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

  /** Makes a process say that it is about to open the file of this name. */
  const telling = (name: string): string => `
    import fs from 'node:fs/promises';
    import { syncBuiltinESMExports } from 'node:module';
    const { open } = fs;
    fs.open = (path, ...rest) => {
      if (String(path).endsWith('${name}')) process.stderr.write('waits');
      return open(path, ...rest);
    };
    syncBuiltinESMExports();`;

  test.each([
    ['inspect', 'waiting'],
    ['run', 'bare.tracelet', '--input', 'waiting'],
    ['quantize', 'bare.tracelet', '-o', 'never.tracelet', '--calibrate', 'waiting'],
  ])('SIGINT while nobody writes to the pipe that is read: %s', async (...args) => {
    execFileSync('mkfifo', [at('waiting')]);
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(telling('waiting'))}` };
    const { child, result } = start(args, { env });
    await new Promise((resolve) => child.stderr.once('data', resolve));
    child.kill('SIGINT');
    expect(await result).toEqual({ status: 130, stdout: '', stderr: 'waitstracelet: interrupted\n' });
    rmSync(at('waiting'));
  });

  test('SIGINT while waiting for input', async () => {
    const result = await interrupt(['run', 'bare.tracelet', '--input', 'waiting.json'], 'waiting.json', 'SIGINT');
    expect(result).toEqual({ status: 130, stdout: '', stderr: 'tracelet: interrupted\n' });
  });
});
