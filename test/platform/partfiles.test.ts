import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { jit, tensor } from '../../src/index.ts';
import { isAbandoned, ownPart } from '../../src/platform/partfiles.ts';
import { write } from '../../src/platform/writing.ts';
import { Hub } from '../support/hub.ts';
import { expectSameBits, fileOf, problem, tinyBert } from '../support/tiny.ts';

const ids = tensor([[1, 2, 3, 4, 5]]);
const TRACE = 'owner/traced/model.tracelet';
const DIST = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
/** The number of a process that has ended. */
const DEAD = spawnSync(process.execPath, ['-e', '']).pid;

const MINUTE = 60_000;
const owned = (pid: number): string => ownPart().replace(/^\d+/, String(pid));
const elsewhere = (pid: number): string => ownPart().replace(/^\d+_[\da-z]+/, `${pid}_elsewhere`);
const OWNERS: [whose: string, name: () => string, age: number, abandoned: boolean][] = [
  ['this process', ownPart, 0, false],
  ['one that had the number of this process before it', ownPart, 3 * MINUTE + 1000 * process.uptime(), true],
  ['a process that runs', () => owned(process.ppid), 0, false],
  ['a process that has ended', () => owned(DEAD), 0, true],
  ['a process of another machine', () => elsewhere(DEAD), 0, false],
  ['a process of another machine that wrote nothing for long', () => elsewhere(process.pid), 61 * MINUTE, true],
  ['an older version', () => `${process.pid}-abc123.part`, 0, false],
  ['an older version that wrote nothing for long', () => `${process.pid}-abc123.part`, 61 * MINUTE, true],
];

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'parts-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));
const at = (name: string): string => join(home, name);
/** A file that was last written to `age` milliseconds ago. */
function put(name: string, content: string | Uint8Array, age = 0): string {
  writeFileSync(at(name), content);
  const then = (Date.now() - age) / 1000;
  utimesSync(at(name), then, then);
  return name;
}

describe('what a save left that was killed is gone after the next to that file', () => {
  test.each(OWNERS)('of %s', async (_, name, age, abandoned) => {
    const part = put(`a.tracelet.${name()}`, 'left', age);
    expect(await isAbandoned(at(part))).toBe(abandoned);
    await write(at('a.tracelet'), [new Uint8Array(3)]);
    expect(readdirSync(home)).toEqual(abandoned ? ['a.tracelet'] : ['a.tracelet', part]);
  });

  test('but nothing of other files', async () => {
    const others = ['b.tracelet', 'a.tracelet.b', 'a', 'a.tracelet2'].map((name) => put(`${name}.${owned(DEAD)}`, 'left', 61 * MINUTE));
    const files = ['a.tracelet.part', 'a.tracelet.1_2', 'a.tracelet.mine_1_2.part'].map((name) => put(name, 'kept', 61 * MINUTE));
    await write(at('a.tracelet'), [new Uint8Array(3)]);
    expect(readdirSync(home)).toEqual([...others, ...files, 'a.tracelet'].sort());
  });

  test('by kill -9, time and again', async () => {
    await jit.save(await jit.trace(tinyBert(), [ids]), at('a.tracelet'));
    const before = readFileSync(at('a.tracelet'));
    for (let turn = 0; turn < 3; turn++) await killed(at('a.tracelet'));
    expect(readFileSync(at('a.tracelet'))).toEqual(before);
    expect(readdirSync(home)).toHaveLength(2);
    await jit.save(await jit.load(at('a.tracelet')), at('a.tracelet'));
    expect(readdirSync(home)).toEqual(['a.tracelet']);
  });

  /** A process that is killed when all it saves is in its part. */
  async function killed(path: string): Promise<void> {
    const script = `
      import { open } from 'node:fs/promises';
      import { jit } from ${JSON.stringify(DIST)};
      const file = await open(process.execPath);
      Object.getPrototypeOf(file).sync = () => new Promise(() => console.log('there'));
      setInterval(() => {}, 1000);
      await jit.save(await jit.load(${JSON.stringify(path)}), ${JSON.stringify(path)});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (status) => reject(new Error(`ended by itself: ${status}`)));
    });
    const ended = new Promise((resolve) => child.removeAllListeners('exit').once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
});

describe('what a download left that was interrupted', () => {
  const hub = new Hub();
  let endpoint: string;
  let trace: Uint8Array;
  let folder: string;
  let etag: string;
  beforeAll(async () => {
    endpoint = await hub.start();
    trace = await fileOf(await jit.trace(tinyBert(), [ids]));
    hub.files.set(TRACE, trace);
    etag = (await fetch(`${endpoint}/cdn/${TRACE}`)).headers.get('etag') as string;
  });
  afterAll(() => hub.stop());
  beforeEach(() => {
    hub.reset();
    const host = encodeURIComponent(new URL(endpoint).host);
    folder = join(host, 'owner/traced/resolve/main');
    mkdirSync(at(folder), { recursive: true });
  });
  const half = () => trace.subarray(0, trace.length >> 1);
  const partOf = (owner: string, tag = encodeURIComponent(etag)): string => join(folder, `model.tracelet.${tag}.${owner}`);
  const load = async () => expectSameBits((await jit.load('owner/traced', { endpoint, cache: home }))(ids), tinyBert()(ids));
  const kept = (): string[] => readdirSync(at(folder)).sort();
  const entry = () => `model.tracelet.${trace.length}`;

  test.each([
    ...OWNERS.filter(([whose]) => !whose.includes('long')),
    ['a process of another machine that wrote nothing for a minute', () => elsewhere(process.pid), 1.1 * MINUTE, true],
    ['an older version that wrote nothing for a minute', () => 'abc123.part', 1.1 * MINUTE, true],
    ['an older version a moment ago', () => 'abc123.part', 0, false],
  ] as typeof OWNERS)('of %s', async (_, name, age, abandoned) => {
    const part = put(partOf(name()), half(), age);
    await load();
    expect(hub.asked(TRACE)).toEqual([abandoned ? `bytes=${half().length}-` : undefined]);
    expect(kept()).toEqual(abandoned ? [entry()] : [entry(), part.slice(folder.length + 1)].sort());
  });

  test('several times is gone once the whole is there', async () => {
    for (const tag of [undefined, undefined, '%22old%22', '']) put(partOf(owned(DEAD), tag), half());
    put(join(folder, `model.tracelet.x.${owned(DEAD)}`), half());
    const other = put(join(folder, `model.tracelet2.%22x%22.${owned(DEAD)}`), half());
    await load();
    expect(hub.asked(TRACE)).toHaveLength(1);
    expect(kept()).toEqual([entry(), other.slice(folder.length + 1)].sort());
  });

  test('and was taken over in vain is there for the next', async () => {
    put(partOf(owned(DEAD)), half());
    for (const turn of [{ status: 500 }, { status: 403 }, 'drop'] as const) {
      hub.turns.set(TRACE, [turn]);
      await problem('source', load);
    }
    hub.turns.clear();
    await load();
    expect(hub.asked(TRACE)).toEqual(Array(4).fill(`bytes=${half().length}-`));
    expect(kept()).toEqual([entry()]);
  });
});
