import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error a script without types
import { HERE, installed, installPackage, required } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { output } from '../runtimes/processes.mjs';
// @ts-expect-error a script without types
import { put, recipes } from '../runtimes/recipes.mjs';

const files = (name: string): Record<string, string> => recipes().get(name).files;
const nodes = ['node20', 'node22', 'node24', 'node26'].filter((name) => required || installed(`${name}/bin/node`));

let folder: string;
let remove: () => void;
beforeAll(() => {
  ({ folder, remove } = installPackage());
  put(folder, { ...files('CommonJS'), ...files('jest') });
});
afterAll(() => remove?.());

describe('require', () => {
  test.each(nodes)('in %s', async (name) => {
    const answer = await output(installed(`${name}/bin/node`), ['use.cjs'], { cwd: folder });
    expect(answer.trim()).toBe('[ 1, 384 ]');
  });

  test.each([
    ...['tracelet', 'tracelet/inline', 'tracelet/jit', 'tracelet/quantize', 'tracelet/tokenizer', '@tracelet/all-minilm-l6-v2'],
    ...['tracelet/serve', 'tracelet/ai-sdk', 'tracelet/langchain', 'tracelet/workers-ai'],
  ])('takes the exports of %s', async (name) => {
    const names = (module: string) => `console.log(Object.keys(${module}).filter((each) => each !== '__esModule').join())`;
    const [required, imported] = await Promise.all([
      output(process.execPath, ['--input-type=commonjs', '-e', names(`require('${name}')`)], { cwd: folder }),
      output(process.execPath, ['--input-type=module', '-e', names(`await import('${name}')`)], { cwd: folder }),
    ]);
    expect(required).toBe(imported);
    expect(required.length).toBeGreaterThan(3);
  });

  test.runIf(required || installed('node20first/bin/node'))('has to be an import in the first Node of the range', async () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/tracelet/package.json'), 'utf8'));
    const first = installed('node20first/bin/node');
    expect(await output(first, ['--version'])).toBe(`v${manifest.engines.node.replace('>=', '')}.0.0\n`);
    await expect(output(first, ['use.cjs'], { cwd: folder })).rejects.toThrow(/ERR_REQUIRE_ESM/);
    put(folder, { 'imports.cjs': `(async () => {${files('CommonJS')['use.cjs'].replaceAll('require', 'await import')}})()` });
    expect((await output(first, ['imports.cjs'], { cwd: folder })).trim()).toBe('[ 1, 384 ]');
  });
});

const jest = installed('jest/bin/jest.js');

if (!required && !jest) test.skip('left out, npm run runtimes:setup installs jest', () => {});

describe.runIf(required || jest)('CommonJS tests of jest', () => {
  const run = (name: string, config: object) => {
    const all = {
      rootDir: folder,
      cache: false,
      watchman: false,
      testTimeout: 120_000,
      testMatch: ['**/embed.test.cjs', '**/required.test.cjs'],
      ...config,
    };
    writeFileSync(join(folder, 'jest.json'), JSON.stringify(all));
    return output(installed(`${name}/bin/node`), ['--experimental-vm-modules', jest, '--config', 'jest.json'], { cwd: folder });
  };

  test.each(['node20', 'node22'])('import when they run, in %s', async (name) => {
    await run(name, { testMatch: ['**/embed.test.cjs'] });
  });

  test('require in a Node that lets them', async () => {
    put(folder, { 'required.test.cjs': files('jest')['embed.test.cjs'].replaceAll(/await import/g, 'require') });
    await run('node26', {});
    await expect(run('node22', {})).rejects.toThrow(/required\.test\.cjs/);
  });

  test('load from files in jsdom, when packages are taken for Node', async () => {
    const { default: config } = await import(`data:text/javascript,${encodeURIComponent(files('jest')['jest.config.mjs'])}`);
    expect(config.testEnvironment).toBe('jsdom');
    const testEnvironment = join(HERE, 'node_modules/jest-environment-jsdom');
    await run('node22', { ...config, testEnvironment, testMatch: ['**/embed.test.cjs'] });
    await expect(run('node22', { testEnvironment, testMatch: ['**/embed.test.cjs'] })).rejects.toThrow(/a runtime without files/);
  });
});
