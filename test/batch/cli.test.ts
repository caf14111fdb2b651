import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAIN, RELAXED, ROOT, shell } from '../support/command.ts';
import { blocksIn, pageAt } from '../support/page.ts';
// @ts-expect-error a script without types
import { startRedis } from './servers.mjs';
import { type Bench, bench, corpus, describeWith, rowsIn, type Server, started } from './support.ts';

const tracelet = (args: readonly string[], { cwd = '.', input = '' } = {}) =>
  spawnSync(process.execPath, [...RELAXED, MAIN, 'batch', ...args], { cwd, input, encoding: 'utf8' });

const SUBCOMMANDS = ['submit', 'work', 'status'];
const examplesOf = (help: string): string[] => [...help.matchAll(/^ {2}\$ (.*)$/gm)].map(([, line]) => line);

describeWith('tracelet batch', 'redis-server', () => {
  let server: Server;
  let at: Bench;
  beforeAll(async () => {
    [server, at] = await Promise.all([startRedis(), bench()]);
    const texts = corpus(40);
    writeFileSync(join(at.folder, 'corpus.jsonl'), texts.map((text, id) => `${JSON.stringify({ id, text, title: text })}\n`).join(''));
    const columns = [{ name: 'text', data: texts, type: 'STRING' as const }];
    writeFileSync(join(at.folder, 'corpus.parquet'), new Uint8Array(parquetWriteBuffer({ columnData: columns })));
  });
  afterAll(async () => {
    at?.remove();
    await server?.stop();
  });

  const run = (args: readonly string[], input?: string): string => {
    const { status, stdout, stderr } = tracelet([...args, '--queue', server.address], { cwd: at.folder, input });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    return stdout;
  };
  const model = ['-m', 'model.tracelet'];

  test('submits, works and tells', () => {
    const own = ['--name', 'cli'];
    expect(run(['submit', 'corpus.jsonl', ...own, ...model, '--shard-tokens', '60'])).toMatch(
      /^40 texts, \d+ tokens in (\d+) shards, \1 of them new\n$/,
    );
    expect(run(['submit', 'corpus.jsonl', ...own, ...model, '--shard-tokens', '60'])).toContain(', 0 of them new');
    const before = JSON.parse(run(['status', ...own, '--json', '--until', '2099-01-01', ...model]));
    expect(before).toMatchObject({ shards: { done: 0 }, advice: { workers: 1, from: 'estimated' } });
    expect(run(['work', ...own, ...model, '--sink', 'vectors', '--until-done'])).toMatch(/^\d+ shards, 40 texts, \d+ tokens\n$/);
    expect(
      rowsIn(join(at.folder, 'vectors'))
        .map(({ id }) => Number(id))
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 40 }, (_, i) => i));
    const after = run(['status', ...own]);
    expect(after).toMatch(/^shards waiting +0$/m);
    expect(after).toMatch(new RegExp(`^shards done +${before.shards.waiting}$`, 'm'));
  });

  test('takes Parquet and stdin', () => {
    expect(run(['submit', 'corpus.parquet', '--name', 'parquet', ...model])).toMatch(/^40 texts/);
    expect(run(['submit', '-', '--name', 'stdin', ...model], '"one"\n"two"\n"one"\n')).toMatch(/^2 texts.* 1 more were repeats\n$/);
  });

  test('a terminated worker gives its shards back', async () => {
    const place = ['--queue', server.address, '--name', 'terminated'];
    expect(tracelet(['submit', 'corpus.jsonl', ...model, ...place], { cwd: at.folder }).status).toBe(0);
    const sink = join(at.folder, 'terminated');
    mkdirSync(join(sink, 'no'), { recursive: true });
    const { child, ended } = started([MAIN, 'batch', 'work', '-m', at.file, ...place, '--sink', `http://127.0.0.1:1/`]);
    const failing = new Promise((resolve) => child.stderr.once('data', resolve));
    expect(await failing).toMatch(/^tracelet: http:.*; tried again$/m);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ status: 143 });
    expect(JSON.parse(run(['status', '--name', 'terminated', '--json'])).shards).toMatchObject({ active: 0, waiting: 1, failed: 0 });
  });

  /** A line of an example as it runs here. */
  const here = (line: string): string =>
    line
      .replaceAll('redis://localhost', server.address)
      .replace(/tracelet batch (submit|work|.*--until )/, (start) => start.replace(/ (submit|work|status)/, ' $1 -m model.tracelet'));

  const expectRuns = (line: string): void => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', shell(here(line))], { cwd: at.folder, encoding: 'utf8' });
    expect(status, `${here(line)}\n${stderr}`).toBe(0);
    expect(stdout).not.toBe('');
  };

  test.each(['', ...SUBCOMMANDS])('examples of batch %s run', (name) => {
    const lines = examplesOf(tracelet([name, '--help'].filter(Boolean)).stdout);
    expect(lines).not.toEqual([]);
    for (const line of lines) expectRuns(line);
  });

  const blocks = (language: string): string[] => blocksIn(pageAt('docs/scaling.md'), language);

  test('lines of docs/scaling.md run', () => {
    const lines = blocks('sh').flatMap((code) => code.split('\n').filter((line) => line.startsWith('tracelet ')));
    expect(lines.length).toBe(3);
    for (const line of lines) expectRuns(line);
  });

  test('code of docs/scaling.md runs', () => {
    const [code, ...more] = blocks('js');
    expect(more).toEqual([]);
    const program = here(code)
      .replace("'tracelet/bullmq'", `'${join(ROOT, 'dist/batch/index.js')}'`)
      .replace(/advise\(await status\(place\), \{/, 'console.log(advise(await status(place), { model: traced,')
      .replace(/^(console.log\(.*\))( +\/\/.*)$/m, '$1)$2');
    const given = `import { jit } from '${join(ROOT, 'dist/index.js')}'
      const traced = await jit.load('model.tracelet')
      const { signal } = new AbortController()`;
    writeFileSync(join(at.folder, 'scaling.mjs'), `${given}\n${program}\ntraced.dispose()\n`);
    const { status, stdout, stderr } = spawnSync(process.execPath, [...RELAXED, 'scaling.mjs'], { cwd: at.folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain("from: 'estimated'");
  });
});

describe('wrong lines', () => {
  test.each([
    [['status', '--until', 'yesterday'], 2, 'a date and time to come'],
    [['work'], 2, "required option '--sink <place>'"],
    [['work', '--sink', 'x', '--format', 'csv'], 2, 'ndjson, parquet'],
    [['submit'], 2, 'missing required argument'],
    [['bogus'], 2, "unknown command 'bogus'"],
    [['status', '--queue', 'redis://127.0.0.1:1'], 3, 'ECONNREFUSED'],
    [['status', '--queue', 'mysql://x'], 3, 'redis:, rediss:, postgres: or postgresql:'],
  ])('%j', (args, expected, message) => {
    const { status, stdout, stderr } = tracelet(args);
    expect(stderr).toContain(message);
    expect({ status, stdout }).toEqual({ status: expected, stdout: '' });
  });
});
