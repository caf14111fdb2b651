import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error a script without types
import { installed, installPackage, ROOT, required } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { output } from '../runtimes/processes.mjs';
// @ts-expect-error a script without types
import { put } from '../runtimes/recipes.mjs';

const COMPILERS: [version: string, compiler: string | undefined][] = [
  ['4.7', installed('ts47/bin/tsc')],
  ['4.9', installed('ts49/bin/tsc')],
  ['5.9', installed('ts59/bin/tsc')],
  ['6.0', installed('ts60/bin/tsc')],
  ['7.0', join(ROOT, 'node_modules/typescript/bin/tsc')],
];
const present = COMPILERS.filter(([, compiler]) => required || compiler);

/** Each resolution with the module format that goes with it. `node` is what node10 was called at first; nodenext means what node16 does in later compilers. */
const RESOLUTIONS = [
  { moduleResolution: 'node', module: 'commonjs', below: '7.0' },
  { moduleResolution: 'node16', module: 'node16', below: '4.9' },
  { moduleResolution: 'nodenext', module: 'nodenext' },
  { moduleResolution: 'bundler', module: 'esnext', from: '5.0' },
];
const CASES = present.flatMap(([version, compiler]) =>
  RESOLUTIONS.filter(({ below = '9', from = '1' }) => version >= from && version < below).map(({ moduleResolution, module }) => ({
    version,
    compiler,
    moduleResolution,
    module,
  })),
);

const PROGRAM = `
import { minilm } from '@tracelet/all-minilm-l6-v2';
import { BertConfig, BertModel, F, jit, nn, type ProgressInfo, type Tensor, tensor } from 'tracelet';
import { jit as inlined } from 'tracelet/inline';
import { load } from 'tracelet/jit';
import { OPS } from 'tracelet/ops';
import { quantize } from 'tracelet/quantize';
import { type EncodeOptions, PreTrainedTokenizerFast } from 'tracelet/tokenizer';

const told = ({ status, file, loaded, progress }: ProgressInfo): string => \`\${status} \${file} \${loaded ?? 0} \${progress ?? 0}\`;
export async function main(): Promise<number[]> {
  const traced = await jit.load(minilm, { progress_callback: (info) => void told(info) });
  await load(minilm, { threads: 1 });
  const doc: string = Object.keys(OPS.rms_norm.args).join();
  const padded: EncodeOptions = { padding: true };
  PreTrainedTokenizerFast.from_files({ 'tokenizer.json': '{}' }).encode(doc, padded);
  await inlined.load(minilm, { threads: 2, progress_callback: ({ progress }) => void progress?.toFixed() });
  const x: Tensor = F.relu(tensor([[1.5]]));
  class Gate extends nn.Module {
    up = new nn.Linear(1, 1);
    override forward(y: Tensor): Tensor {
      return this.up(y);
    }
  }
  new Gate()(x);
  const model = new BertModel(new BertConfig({ vocab_size: 50 }));
  await quantize(await jit.trace(model, [tensor([[1]])]), { bits: 8 });
  // @ts-expect-error
  await jit.load(7);
  // @ts-expect-error
  await inlined.load(minilm, { threads: 'many' });
  // @ts-expect-error
  await quantize(model, { bits: 3 });
  return [...traced('a').sentence_embedding.data].map(Number);
}
`;

let folder: string;
let remove: () => void;
beforeAll(() => {
  ({ folder, remove } = installPackage());
});
afterAll(() => remove?.());

const OPTIONS = { strict: true, target: 'es2022', lib: ['es2022', 'dom', 'dom.iterable'], types: [], skipLibCheck: false };

/** Compiles one file; rejects with what the compiler says, which it says on stdout. */
async function compile(compiler: string | undefined, file: string, options: object, type = 'module'): Promise<void> {
  put(folder, {
    'package.json': JSON.stringify({ type }),
    'tsconfig.json': JSON.stringify({ compilerOptions: { ...OPTIONS, ...options }, files: [file] }),
  });
  const said = await output('sh', ['-c', '"$0" "$1" || true', process.execPath, compiler], { cwd: folder });
  if (said) throw new Error(said);
}

for (const [version] of COMPILERS.filter((each) => !present.includes(each)))
  test.skip(`TypeScript ${version}: left out, npm run runtimes:setup installs it`, () => {});

describe('the types', () => {
  test.each(CASES)('for TypeScript $version, $moduleResolution', async ({ version, compiler, moduleResolution, module }) => {
    put(folder, { 'types.ts': PROGRAM });
    const silent = moduleResolution === 'node' && version === '6.0' ? { ignoreDeprecations: '6.0' } : {};
    const type = module === 'commonjs' ? 'commonjs' : 'module';
    await compile(compiler, 'types.ts', { module, moduleResolution, noEmit: true, ...silent }, type);
  });

  test('without those of the web, if those of libraries are not checked', async () => {
    put(folder, { 'types.ts': PROGRAM.replaceAll(/ {2}\/\/ @ts-expect-error\n.*\n/g, '') });
    await compile(present.at(-1)?.[1], 'types.ts', { module: 'node16', lib: ['es2022'], skipLibCheck: true, noEmit: true });
  });
});

const USE = "import { tensor } from 'tracelet';\nconsole.log(tensor([[1, 2]]).shape.join());\n";
const LATER =
  "async function main(): Promise<void> {\n  const { tensor } = await import('tracelet');\n  console.log(tensor([[1, 2]]).shape.join());\n}\nvoid main();\n";

describe('a file that becomes CommonJS', () => {
  const [, compiler] = present.find(([version]) => version === '5.9') ?? (present.at(-1) as [string, string]);
  const run = async (file: string, text: string, module: string, type = 'commonjs'): Promise<string> => {
    put(folder, { [file]: text });
    await compile(compiler, file, { module, lib: [...OPTIONS.lib], types: [] }, type);
    return output(process.execPath, [file.replace('ts', 'js')], { cwd: folder });
  };

  test('has an error under node16', async () => {
    await expect(run('use.ts', USE, 'node16')).rejects.toThrow('TS1479');
  });

  test.each([
    ['nodenext', 'use.ts', USE, 'nodenext', 'commonjs'],
    ['a package of modules', 'use.ts', USE, 'node16', 'module'],
    ['a name of modules', 'use.mts', USE, 'node16', 'commonjs'],
    ['an import when it runs', 'use.ts', LATER, 'node16', 'commonjs'],
  ])('and the way out: %s', async (_, file, text, module, type) => {
    expect(await run(file, text, module, type)).toBe('1,2\n');
  });
});

test('the page names the oldest compiler that is tried', () => {
  expect(readFileSync(join(ROOT, 'docs/bundlers.md'), 'utf8')).toContain(`TypeScript ${COMPILERS[0][0]} and later`);
});
