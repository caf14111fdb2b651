import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error a script without types
import { chromium, LEFT_OUT } from '../runtimes/browsers.mjs';
// @ts-expect-error a script without types
import { bundle, HERE, installed, installPackage, ROOT, required, tool } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { output } from '../runtimes/processes.mjs';
// @ts-expect-error a script without types
import { serve } from '../runtimes/server.mjs';

const present = existsSync(join(HERE, 'node_modules'));
const body = `
  const config = new BertConfig({ vocab_size: 50, hidden_size: 16, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 32 });
  const traced = await jit.trace(new BertModel(config), [tensor([[1, 2, 3]])]);
  console.log(bestVariant(), traced(tensor([[4, 5, 6]])).last_hidden_state.shape.join());`;
const use = (from: string, before = ''): string =>
  `import { BertConfig, BertModel, bestVariant, jit, tensor, useKernels } from '${from}';\nconst use = useKernels; ${before}\n${body}`;
const guarded = (before: string): string =>
  `import * as t from 'tracelet';\n${before}\ntry { const { BertConfig, BertModel, bestVariant, jit, tensor } = t; ${body} } catch (e) { console.log(e.code, e.message); }`;

let folder: string;
let remove: () => void;
beforeAll(() => {
  ({ folder, remove } = installPackage());
});
afterAll(() => remove?.());

const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
/** What a script prints in a folder with nothing else in it but its chunks. */
async function runAlone(script: Uint8Array, chunks: Record<string, Uint8Array> = {}): Promise<string> {
  const alone = join(folder, `alone-${Math.random().toString(36).slice(2)}`);
  mkdirSync(alone);
  for (const [name, content] of Object.entries({ ...chunks, 'only.mjs': script })) writeFileSync(join(alone, name), content);
  return output(process.execPath, ['only.mjs'], { cwd: alone });
}
async function runGuarded(before: string, flags: string[] = []): Promise<string> {
  put('guarded.mjs', guarded(before));
  return output(process.execPath, [...flags, 'guarded.mjs'], { cwd: folder });
}

test.runIf(present || required)('bundlers are installed', () => expect(present).toBe(true));

describe.runIf(present)('bundled with no configuration', () => {
  test('esbuild, for browsers', async () => {
    put('page-use.mjs', use('tracelet'));
    expect(await runAlone(await bundle({ folder, entry: 'page-use.mjs' }))).toMatch(/ 1,3,16\n/);
  });

  test('tracelet/inline, for Node', async () => {
    put('inline-use.mjs', use('tracelet/inline'));
    expect(await runAlone(await bundle({ folder, entry: 'inline-use.mjs', platform: 'node' }))).toMatch(/ 1,3,16\n/);
  });

  test('bun build --compile', async () => {
    put('bun-use.mjs', use('tracelet'));
    const bun = installed('.bin/bun');
    await output(bun, ['build', '--compile', 'bun-use.mjs', '--outfile', 'bun-program'], { cwd: folder });
    expect(await output(join(folder, 'bun-program'), [], { cwd: '/' })).toMatch(/ 1,3,16\n/);
  });

  test('deno compile', async ({ skip }) => {
    put('deno-use.mjs', use('tracelet'));
    const deno = installed('@deno/linux-x64-glibc/deno');
    const args = ['compile', '-A', '--quiet', '--no-check', '--node-modules-dir=manual', '--output', 'deno-program', 'deno-use.mjs'];
    const problem = await output(deno, args, { cwd: folder }).catch((error: Error) => error.message);
    if (/dl\.deno\.land|lookup address|error sending request/.test(problem))
      skip('the runtime that deno compile adds to programs cannot be downloaded here');
    expect(await output(join(folder, 'deno-program'), [], { cwd: '/' }), problem).toMatch(/ 1,3,16\n/);
  });

  test('vite', async () => {
    put('vite-use.mjs', use('tracelet'));
    const { build } = await tool('vite');
    const lib = { entry: 'vite-use.mjs', formats: ['es'], fileName: () => 'vite.js' };
    await build({ root: folder, logLevel: 'silent', configFile: false, build: { outDir: 'out', target: 'es2022', lib } });
    const made = readdirSync(join(folder, 'out')).map((name) => [name, readFileSync(join(folder, 'out', name))] as const);
    expect(await runAlone(readFileSync(join(folder, 'out/vite.js')), Object.fromEntries(made))).toMatch(/ 1,3,16\n/);
  });
});

if (!required && !chromium.where()) test.skip(LEFT_OUT, () => {});

describe('an engine that lacks something', () => {
  test('SIMD', async () => {
    expect(await runGuarded('WebAssembly.validate = () => false;')).toMatch(/^kernels .*an engine with wasm SIMD/);
  });

  test('relaxed SIMD', async () => {
    const { size } = statSync(join(ROOT, 'dist/wasm/relaxed.wasm'));
    const before = `const real = WebAssembly.validate; WebAssembly.validate = (b) => b.length < ${size} && real(b);`;
    expect(await runGuarded(before)).toBe('baseline 1,3,16\n');
  });

  test('memory', async () => {
    const before = 'WebAssembly.Memory = class { constructor() { throw new RangeError("no room"); } };';
    expect(await runGuarded(before)).toMatch(/^memory .*a refusal \(no room\)/);
  });

  test.runIf(present)('a condition of its own', async () => {
    put('other.mjs', guarded(''));
    const script = await bundle({ folder, entry: 'other.mjs', platform: 'neutral' });
    expect(await runAlone(script)).toMatch(/^kernels .*useKernels/);
  });

  test.runIf(present)('a condition of its own, with kernels that the caller compiled', async () => {
    const before = `
      import { readFileSync } from 'node:fs';
      use({ baseline: new WebAssembly.Module(readFileSync(process.env.BASELINE)) });`;
    put('given.mjs', use('tracelet', before));
    const script = await bundle({ folder, entry: 'given.mjs', platform: 'neutral', external: ['node:fs'] });
    writeFileSync(join(folder, 'given-bundle.mjs'), script);
    const env = { BASELINE: join(folder, 'node_modules/tracelet/dist/wasm/baseline.wasm') };
    expect(await output(process.execPath, ['given-bundle.mjs'], { cwd: folder, env })).toBe('baseline 1,3,16\n');
  });

  test.runIf(present && (required || chromium.where()))('leave of the page to compile wasm', async () => {
    put(
      'csp.mjs',
      `const console = { log: (...said) => fetch('/result', { method: 'POST', body: JSON.stringify(said.join(' ')) }) };\n${guarded('')}`,
    );
    const server = await serve();
    const headers = { 'content-security-policy': "script-src 'self'" };
    server.pages.set('/csp.js', { body: await bundle({ folder, entry: 'csp.mjs' }) });
    server.pages.set('/csp.html', { body: '<script type="module" src="/csp.js"></script>', headers });
    const result = server.result();
    try {
      const { close } = await chromium.open(`${server.base}/csp.html`);
      try {
        expect(await result).toMatch(/^kernels .*wasm-unsafe-eval/);
      } finally {
        await close();
      }
    } finally {
      server.close();
    }
  });
});
