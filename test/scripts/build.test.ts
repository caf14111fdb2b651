import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
// @ts-expect-error a script without types
import { beginParts, staleParts } from '../../scripts/fresh.mjs';
// @ts-expect-error a script without types
import { output } from '../runtimes/processes.mjs';
import { ROOT } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'build-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what lies in dist/', () => {
  const tree = join(folder, 'tree');
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  };
  const SOURCES = [
    'src/index.ts',
    'src/a/b.ts',
    'tsconfig.json',
    'package.json',
    'assembly/add.ts',
    'assembly/lib/c.ts',
    'asconfig.json',
    'scripts/union.mjs',
  ];
  const SHARED = ['scripts/build.mjs', 'scripts/binaries.mjs', 'package-lock.json', 'src/ops/limits.ts', 'src/search/limits.ts'];

  beforeEach(() => {
    rmSync(tree, { recursive: true, force: true });
    for (const path of [...SOURCES, ...SHARED, 'dist/index.js', 'dist/wasm/inline.js']) put(path, 'as it was');
    beginParts(['wasm', 'js'], tree)();
  });

  test('is fresh after a build, whatever else changes', () => {
    expect(staleParts(tree)).toEqual([]);
    for (const path of ['test/a.test.ts', 'assembly/__tests__/a.spec.ts', 'README.md']) put(path, 'new');
    expect(staleParts(tree)).toEqual([]);
  });

  test.each([
    ...['src/index.ts', 'src/a/b.ts', 'src/new.ts', 'tsconfig.json', 'package.json'].map((path) => [path, ['js']]),
    ...['assembly/add.ts', 'assembly/lib/c.ts', 'assembly/new.ts', 'asconfig.json', 'scripts/union.mjs'].map((path) => [path, ['wasm']]),
    ...SHARED.map((path) => [path, ['wasm', 'js']]),
  ] as [string, string[]][])('is stale when %s is another: %s', (path, stale) => {
    put(path, 'as it is now');
    expect(staleParts(tree)).toEqual(stale);
  });

  test.each([
    ['src/a/b.ts', ['js']],
    ['assembly/lib/c.ts', ['wasm']],
  ])('is stale when %s is gone: %s', (path, stale) => {
    rmSync(join(tree, path));
    expect(staleParts(tree)).toEqual(stale);
    put(path, 'as it was');
    expect(staleParts(tree)).toEqual([]);
  });

  test('is stale when it is gone, and after a build that did not end', () => {
    rmSync(join(tree, 'dist/index.js'));
    expect(staleParts(tree)).toEqual(['js']);
    put('dist/index.js', '');
    const done = beginParts(['js'], tree);
    expect(staleParts(tree)).toEqual(['js']);
    done();
    expect(staleParts(tree)).toEqual([]);
  });

  test('is stale when sources change while it is made', () => {
    const done = beginParts(['js'], tree);
    put('src/index.ts', 'changed meanwhile');
    done();
    expect(staleParts(tree)).toEqual(['js']);
  });
});

describe('building what is stale', () => {
  const tree = join(folder, 'built');
  const FRESH = JSON.stringify(join(ROOT, 'scripts/fresh.mjs'));
  const SCRIPT = `
    import { appendFileSync } from 'node:fs';
    import { beginParts } from ${FRESH};
    const done = beginParts(['wasm', 'js'], ${JSON.stringify(tree)});
    appendFileSync('log', 'built ');
    done();`;
  const build = (): Promise<string> =>
    output(process.execPath, ['--input-type=module', '-e', `(await import(${FRESH})).buildStale(${JSON.stringify(tree)})`]);

  beforeEach(() => {
    rmSync(tree, { recursive: true, force: true });
    for (const name of ['src/ops', 'src/search', 'assembly', 'scripts', 'build', 'dist/wasm'])
      mkdirSync(join(tree, name), { recursive: true });
    for (const name of [
      'tsconfig.json',
      'package.json',
      'asconfig.json',
      'package-lock.json',
      'src/ops/limits.ts',
      'src/search/limits.ts',
      'scripts/binaries.mjs',
      'scripts/union.mjs',
      'dist/index.js',
      'dist/wasm/inline.js',
    ])
      writeFileSync(join(tree, name), '');
    writeFileSync(join(tree, 'scripts/build.mjs'), SCRIPT);
  });
  const log = (): string => readFileSync(join(tree, 'log'), 'utf8');

  test('is done once for all who ask at once', async () => {
    await Promise.all([build(), build(), build()]);
    await build();
    expect(log()).toBe('built ');
    expect(readdirSync(join(tree, 'build'))).toEqual([]);
  });

  test('does not wait for one who was ended while building', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(join(tree, 'build/building'), String(pid));
    await build();
    expect(log()).toBe('built ');
  });

  test('that fails lets no test run', async () => {
    writeFileSync(join(tree, 'scripts/build.mjs'), 'process.exit(1)');
    await expect(build()).rejects.toThrow('dist/ is not what these sources say');
    expect(readdirSync(join(tree, 'build'))).toEqual([]);
  });
});

test('tests run on what is built from these sources', () => expect(staleParts()).toEqual([]));

test('a checkout may lie anywhere, below a folder that is called wasm as well', async () => {
  const checkout = join(folder, 'a b/wasm/threads');
  mkdirSync(checkout, { recursive: true });
  for (const name of ['src', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json', 'asconfig.json', 'assembly'])
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  await output(process.execPath, ['scripts/build.mjs', '--js'], { cwd: checkout });
  const scripts = (place: string): string[] =>
    readdirSync(join(place, 'dist'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.js') && !/^wasm\/(.*\.)?(inline|search|uploaded)\.js$/.test(name),
    );
  expect(scripts(checkout).sort()).toEqual(scripts(ROOT).sort());
  for (const name of scripts(ROOT))
    expect(readFileSync(join(checkout, 'dist', name), 'utf8') === readFileSync(join(ROOT, 'dist', name), 'utf8'), name).toBe(true);
});
