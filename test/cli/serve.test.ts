import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { at, call, failure, start, withTraces } from '../support/cli.ts';
import { MAIN, ROOT } from '../support/command.ts';
import { until } from '../support/until.ts';

withTraces();

/** A server under way, once it says where it listens. */
async function serving(...args: string[]) {
  const { child, result } = start(['serve', ...args], { env: { PORT: '0' } });
  let text = '';
  child.stdout.on('data', (piece) => (text += piece));
  const ended = result.then(({ status, stderr }) => Promise.reject(new Error(`${status}: ${stderr}`)));
  ended.catch(() => {});
  const listening = () => expect(text).toMatch(/ at http.*\n(curl .*\n)+$/);
  await Promise.race([ended, until(listening)]);
  const lines = text.trimEnd().split('\n');
  const [greeting, ...commands] = lines;
  const [url] = /http:\S+\//.exec(greeting) as RegExpExecArray;
  return { url, greeting, commands, child, result };
}

const runs = (line: string, env: Record<string, string> = {}): unknown =>
  JSON.parse(
    execFileSync('sh', ['-c', `${line} -sf`], { encoding: 'utf8', env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] }),
  );

const helpOf = (): string => execFileSync(process.execPath, [MAIN, 'serve', '--help'], { cwd: ROOT, encoding: 'utf8' });

describe.skipIf(process.platform === 'win32')('tracelet serve', () => {
  test('prints lines of curl that work, tells of requests, and ends on a signal', async () => {
    const { greeting, commands, child, result } = await serving('sentence.tracelet');
    expect(greeting).toMatch(/^tracelet serves sentence at /);
    for (const line of commands) expect(runs(line)).toBeDefined();
    child.kill('SIGTERM');
    const { status, stderr } = await result;
    expect(status).toBe(0);
    const told = stderr.trimEnd().split('\n');
    expect(told.pop()).toBe('tracelet: ending; requests under way are answered first');
    expect(told.map((line) => JSON.parse(line).status)).toEqual(commands.map(() => 200));
  });

  test('asks for keys, which the lines take from the environment', async () => {
    const { url, commands, child, result } = await serving('mine=sentence.tracelet', '--api-key', 'one', 'two', '--log', 'none');
    expect((await fetch(`${url}info`)).status).toBe(401);
    for (const line of commands) expect(runs(line, { API_KEY: 'two' })).toBeDefined();
    child.kill('SIGINT');
    expect(await result).toMatchObject({ status: 0, stderr: 'tracelet: ending; requests under way are answered first\n' });
  });

  test('opens a directory, and runs in workers', async () => {
    const { url, child, result } = await serving('sentence', '--workers', '1', '--log', 'none');
    expect(await (await fetch(`${url}info`)).json()).toMatchObject({ model_id: 'sentence' });
    child.kill('SIGTERM');
    expect((await result).status).toBe(0);
  });

  test('refuses what it cannot serve, and options that are wrong', async () => {
    expect(await failure(3, ['serve', 'none.tracelet'])).toContain('none.tracelet');
    expect(await failure(3, ['serve', 'a=sentence.tracelet', 'a=masked.tracelet'])).toContain('a name of its own');
    expect(await failure(3, ['serve', 'masked.tracelet', '--port', '0'])).toContain('one that makes vectors, scores or labels');
    expect(await failure(2, ['serve', 'sentence.tracelet', '--port', '70000'])).toContain('from 0 to 65535');
    expect(await failure(2, ['serve', 'sentence.tracelet', '--workers', '2', '--threads', '2'])).toContain('--threads');
  });

  const examples = [...helpOf().matchAll(/^ {2}\$ tracelet serve (.*)$/gm)].map(([, line]) => line);
  test('has examples', () => expect(examples.length).toBeGreaterThan(1));
  test.each(examples)('tracelet serve %s', async (line) => {
    cpSync(at('sentence.tracelet'), at('minilm.tracelet'));
    cpSync(at('sentence'), at('all-MiniLM-L6-v2'), { recursive: true });
    const { commands, child, result } = await serving(...line.replace('--port 8080', '--port 0').split(' '));
    runs(commands[0]);
    child.kill('SIGTERM');
    expect((await result).status).toBe(0);
  });
});

test('--help says what it does', async () => {
  const { stdout, status } = await call(['serve', '--help']);
  expect(status).toBe(0);
  expect(stdout).toContain('--max-concurrent-requests');
});
