import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { jit, openCheckpoint, tensor } from '../../src/index.ts';
import { files } from '../../src/platform/files.ts';
import { sha256 } from '../../src/platform/hash.ts';
import { pageCache } from '../../src/platform/pagecache.ts';
import { webThreads } from '../../src/platform/webthreads.ts';
import { Hub } from '../support/hub.ts';
import { expectSameBits, problem, tinyBert } from '../support/tiny.ts';

const ids = tensor([[1, 2, 3, 4, 5]]);
const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const FLAG = Number(process.versions.node.split('.')[0]) < 23 ? '--experimental-permission' : '--permission';

let home: string;
let path: string;
const at = (name: string): string => join(home, name);
beforeAll(async () => {
  home = mkdtempSync(join(os.tmpdir(), 'refused-'));
  path = at('model.tracelet');
  await jit.save(await jit.trace(tinyBert(), [ids]), path);
  await cp(path, at('folder/model.tracelet'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

/** What a script says of `jit` and `path` in a process that Node gives these permissions. */
function permitted(permissions: readonly string[], body: string): string {
  const script = `
    import { jit, openCheckpoint, tensor } from ${JSON.stringify(`${DIST}index.js`)};
    const path = ${JSON.stringify(path)};
    try { ${body} } catch (error) { console.log(error.name, error.code, error.message) }`;
  const flags = [FLAG, '--no-warnings', ...permissions.map((permission) => `--allow-${permission}`)];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', script], { encoding: 'utf8', cwd: home });
  return stdout + stderr;
}
const READ = [`fs-read=*`];

describe('where Node gives no leave', () => {
  test.each([
    ['threads', '1 thread: Node may not start workers here (--allow-worker)'],
    ['workers', 'no workers, so that calls run in place: Node may not start workers here (--allow-worker)'],
  ])('to start workers, calls run without: %s', (option, says) => {
    const said = permitted(
      READ,
      `
      const traced = await jit.load(path, { ${option}: 2 });
      console.log((await traced.run([tensor([[1, 2, 3, 4, 5]])]))[0].shape.join(), traced.explain());`,
    );
    expect(said).toContain(says);
    expect(said).toMatch(/^1,5,16 /);
  });

  test.each([
    [
      'to write',
      READ,
      'await jit.save(await jit.load(path), path)',
      /^TraceletError source .*model\.tracelet: expected a file that can be written, got .*restricted/,
    ],
    [
      'to write',
      READ,
      'await jit.save(await jit.load(path), path + "2")',
      /^TraceletError source .*tracelet2: expected a file that can be written, got .*restricted/,
    ],
    [
      'to read the model',
      [`fs-read=${DIST}`, `fs-read=${join(DIST, '../package.json')}`],
      'await jit.load(path)',
      /^TraceletError source .*model\.tracelet: expected a readable file, got ERR_ACCESS_DENIED/,
    ],
    [
      'to read its folder',
      [`fs-read=${DIST}`, `fs-read=${join(DIST, '../package.json')}`],
      'await openCheckpoint("./folder")',
      /^TraceletError source \.\/folder: expected a readable file, got ERR_ACCESS_DENIED/,
    ],
  ])('%s, that is an error of its code', (_, permissions, body, message) => {
    expect(permitted(permissions, body)).toMatch(message);
  });
});

describe('a cache that may keep nothing', () => {
  const hub = new Hub();
  let endpoint: string;
  beforeAll(async () => {
    endpoint = await hub.start();
    const chunks = await jit.serialize(await jit.load(path));
    hub.files.set('owner/traced/model.tracelet', Buffer.concat([...chunks]));
  });
  afterAll(() => hub.stop());
  const loaded = async (cache?: string): Promise<string[]> => {
    const told: string[] = [];
    const traced = await jit.load('owner/traced', { endpoint, cache, onwarn: (message) => told.push(message) });
    expectSameBits(traced(ids), tinyBert()(ids));
    return told;
  };

  test('is no reason not to load, and said', async () => {
    writeFileSync(at('file'), 'mine');
    expect(await loaded(at('file'))).toEqual([expect.stringMatching(/^what was downloaded could not be kept: ENOTDIR/)]);
    expect(await loaded(at('file/below'))).toEqual([expect.stringMatching(/could not be kept: ENOTDIR/)]);
    expect(files.readTextSync(at('file'))).toBe('mine');
    expect(await loaded(at('cache'))).toEqual([]);
  });

  test('may be one for which there is no home', async () => {
    for (const name of ['TRACELET_CACHE', 'XDG_CACHE_HOME']) vi.stubEnv(name, '');
    const homedir = vi.spyOn(os, 'homedir').mockImplementation(() => {
      throw new Error('no entry for this user');
    });
    syncBuiltinESMExports();
    try {
      expect(await files.cache()).toBeUndefined();
      expect(homedir).toHaveBeenCalled();
    } finally {
      homedir.mockRestore();
      syncBuiltinESMExports();
    }
  });

  test('may be that of a page', async () => {
    const refuse = () => {
      throw new Error('SecurityError');
    };
    for (const open of [refuse, async () => refuse()]) {
      vi.stubGlobal('caches', { open });
      expect(await pageCache()).toBeUndefined();
    }
    vi.unstubAllGlobals();
    Object.defineProperty(globalThis, 'caches', { configurable: true, get: refuse });
    expect(await pageCache()).toBeUndefined();
    Reflect.deleteProperty(globalThis, 'caches');
    expect(await pageCache()).toBeUndefined();
  });
});

test('a page that may not hash is told when it may', async () => {
  vi.stubGlobal('crypto', {});
  const { getBuiltinModule } = process;
  process.getBuiltinModule = undefined as never;
  try {
    expect((await problem('unsupported', () => sha256(new Uint8Array(1)))).message).toMatch(
      /^SHA-256: expected crypto\.subtle, got none\. .*https/,
    );
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
});

test('a page that may not start workers says why, and leaves no address of a script', () => {
  const addresses = new Set<string>();
  vi.spyOn(URL, 'createObjectURL').mockImplementation(() => {
    addresses.add('blob:1');
    return 'blob:1';
  });
  vi.spyOn(URL, 'revokeObjectURL').mockImplementation((address) => void addresses.delete(address));
  vi.stubGlobal('navigator', undefined);
  vi.stubGlobal(
    'Worker',
    class {
      constructor() {
        throw new Error('SecurityError');
      }
    },
  );
  const threads = webThreads('');
  if (typeof threads === 'string') throw new Error(threads);
  expect(threads.count).toBe(1);
  expect(() =>
    threads.start(
      () => {},
      () => {},
    ),
  ).toThrow('SecurityError');
  expect(addresses.size).toBe(0);
});

test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
  'a folder that may not be looked into is an error, and no folder without files',
  async () => {
    mkdirSync(at('closed'), { mode: 0 });
    expect((await problem('source', () => openCheckpoint(at('closed/x')))).message).toContain('EACCES');
  },
);
