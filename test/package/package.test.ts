import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ARCHITECTURES } from '../../src/index.ts';
import * as registry from '../../src/models/registry.ts';
// @ts-expect-error a script without types
import { installPackage } from '../runtimes/install.mjs';

/** A folder where the packed tarball is installed as a user would have it. */
let folder: string;
let installed: string;
let remove: () => void;

beforeAll(() => {
  ({ folder, remove } = installPackage());
  installed = join(folder, 'node_modules/tracelet');
});
afterAll(() => remove?.());

describe('the packed package', () => {
  test('runs where it is installed', () => {
    const program = `
      import { minilm } from '@tracelet/all-minilm-l6-v2'
      import { BertConfig, BertModel, jit, tensor } from 'tracelet'
      const config = new BertConfig({ vocab_size: 50, hidden_size: 16, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 32 })
      const traced = await jit.trace(new BertModel(config), [tensor([[1, 2, 3]])])
      console.log(traced(tensor([[4, 5, 6]])).last_hidden_state.shape.join())
      const embedder = await jit.load(minilm)
      console.log(embedder('a text').sentence_embedding.shape.join())`;
    writeFileSync(join(folder, 'use.mjs'), program);
    expect(execFileSync(process.execPath, ['use.mjs'], { cwd: folder, encoding: 'utf8' })).toBe('1,3,16\n1,384\n');
  });

  test('has a command', () => {
    const { bin, version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      bin: { tracelet: string };
      version: string;
    };
    expect(execFileSync(process.execPath, [join(installed, bin.tracelet), '--version'], { encoding: 'utf8' }).trim()).toBe(version);
  });

  test('holds no tests, sources or models', () => {
    const top = readdirSync(installed);
    for (const name of ['test', 'assembly', 'bench', 'src', 'models']) expect(top).not.toContain(name);
  });

  test('the default model holds every file that its exports name', () => {
    const place = join(folder, 'node_modules/@tracelet/all-minilm-l6-v2');
    const { exports, files } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as { exports: object; files: string[] };
    const named = new Set([...JSON.stringify(exports).matchAll(/"\.\/([\w.]+)"(?!:)/g)].map(([, path]) => path));
    expect([...named].sort()).toEqual(['index.d.ts', 'index.js', 'model.tracelet', 'node.js', 'package.json']);
    for (const name of named) expect([...files, 'package.json']).toContain(name);
    for (const name of named) expect(readdirSync(place)).toContain(name);
  });

  test('exports what it says beside the families', async () => {
    const names = Object.keys(await import('../../src/index.ts')).filter((name) => !Object.hasOwn(registry, name));
    expect(names.sort()).toMatchInlineSnapshot(`
      [
        "ACTIVATIONS",
        "ARCHITECTURES",
        "AutoConfig",
        "AutoModel",
        "AutoModelForCausalLM",
        "AutoModelForMaskedLM",
        "AutoModelForMultipleChoice",
        "AutoModelForNextSentencePrediction",
        "AutoModelForPreTraining",
        "AutoModelForQuestionAnswering",
        "AutoModelForSeq2SeqLM",
        "AutoModelForSequenceClassification",
        "AutoModelForTextEncoding",
        "AutoModelForTokenClassification",
        "AutoTokenizer",
        "BertTokenizer",
        "CrossEncoder",
        "DTYPES",
        "ERROR_CODES",
        "F",
        "MultiVectorEncoder",
        "OPS",
        "PreTrainedModel",
        "PreTrainedTokenizerFast",
        "SentenceEmbedder",
        "SentenceTransformer",
        "SparseEncoder",
        "Tensor",
        "TracedModule",
        "TraceletError",
        "VectorIndex",
        "architecture",
        "bestVariant",
        "chunkText",
        "full",
        "jit",
        "nn",
        "ones",
        "openCheckpoint",
        "pipeline",
        "quantize_embeddings",
        "semantic_search",
        "similarity",
        "tensor",
        "useKernels",
        "withKernels",
        "zeros",
      ]
    `);
  });

  test('the library has no dependencies', () => {
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { dependencies: object };
    expect(Object.keys(dependencies)).toEqual(['commander', 'srvx']);
    const scripts = [
      'index.js',
      'inline.js',
      'quantize/index.js',
      ...readdirSync(join(installed, 'dist/chunks')).map((name) => `chunks/${name}`),
    ];
    const imported = scripts.flatMap((name) =>
      [...readFileSync(join(installed, 'dist', name), 'utf8').matchAll(/^(?:import|export) .*?from "([^."][^"]*)"/gm)].map(
        ([, from]) => from,
      ),
    );
    expect(imported.filter((from) => !/^(node:|#)/.test(from))).toEqual([]);
    expect(imported).toContain('#platform');
  });

  test('minified, with one binary, is less than 94.5 kB gzipped for a page that names no family; it loads families, tokenizers, traces, tracing, sources and checkpoints when it needs them', async () => {
    const names = Object.keys(await import('../../src/index.ts')).filter(
      (name) => !Object.hasOwn(registry, name) && !/^architecture/i.test(name),
    );
    const input = join(folder, 'page.mjs');
    writeFileSync(input, `export { ${names.join()} } from 'tracelet';`);
    const bundle = await rolldown({ input, platform: 'neutral', resolve: { conditionNames: ['import'] } });
    const { output } = await bundle.generate({ minify: true });
    await bundle.close();
    const chunks = new Map(output.filter((file) => file.type === 'chunk').map((chunk) => [chunk.fileName, chunk]));
    const loaded = new Set([output[0].fileName]);
    for (const name of loaded) for (const imported of chunks.get(name)?.imports ?? []) if (chunks.has(imported)) loaded.add(imported);
    const scripts = [...loaded].reduce((sum, name) => sum + gzipSync(chunks.get(name)?.code as string).length, 0);
    const binary = readFileSync(join(installed, 'dist/wasm/relaxed.wasm'));
    const holders = (sign: string) => [...chunks].filter(([, { code }]) => code.includes(sign)).map(([name]) => loaded.has(name));
    const later = ['RobertaProcessing', 'example_kwarg_inputs', 'weight_map', 'RobertaForMaskedLM', '_restore_shapes', 'HF_ENDPOINT'];
    for (const sign of later) expect(new Set(holders(sign)), sign).toEqual(new Set([false]));
    console.log(`${scripts} bytes of script, ${gzipSync(binary).length} of wasm`);
    for (const [name, { code }] of chunks)
      if (!loaded.has(name)) console.log(`  later, if need be: ${name}, ${gzipSync(code).length} bytes`);
    expect(scripts + gzipSync(binary).length).toBeLessThan(94_500);
  });

  test('a part that cannot be had is a typed error, and is asked for again by the next call', async () => {
    const [input, page] = [join(folder, 'asking.mjs'), join(folder, 'page')];
    const files = JSON.stringify(join(page, 'later'));
    writeFileSync(
      input,
      `import { mkdirSync, readdirSync, renameSync } from 'node:fs'
      import { AutoConfig, BertTokenizer, jit, openCheckpoint, pipeline, SentenceTransformer } from 'tracelet'
      const asked = async (call) => console.log(await call().catch(({ code, cure }) => code + (/call again/.test(cure) ? ', again' : '')))
      const calls = [
        () => jit.load(new Uint8Array()),
        () => jit.trace(1, []),
        () => pipeline('no task', ''),
        () => openCheckpoint(new Uint8Array()),
        () => BertTokenizer.from_pretrained(1),
        () => AutoConfig.from_pretrained('.'),
        () => SentenceTransformer.from_pretrained(1),
      ]
      for (const call of calls) await asked(call)
      for (const name of readdirSync(${files})) renameSync(${files} + '/' + name, ${JSON.stringify(page)} + '/' + name)
      for (const call of calls) await asked(call)`,
    );
    const bundle = await rolldown({ input, platform: 'neutral', external: [/^node:/], resolve: { conditionNames: ['import'] } });
    const { output } = await bundle.write({ dir: page });
    await bundle.close();
    const chunks = new Map(output.filter((file) => file.type === 'chunk').map((chunk) => [chunk.fileName, chunk]));
    const starting = new Set([output[0].fileName]);
    for (const name of starting) for (const imported of chunks.get(name)?.imports ?? []) starting.add(imported);
    mkdirSync(join(page, 'later'));
    for (const name of chunks.keys()) if (!starting.has(name)) renameSync(join(page, name), join(page, 'later', name));
    const said = execFileSync(process.execPath, [join(page, output[0].fileName)], { cwd: page, encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(said.slice(0, 7)).toEqual(Array.from({ length: 7 }, () => 'source, again'));
    expect(said.slice(7)).toEqual(['kernels', 'value', 'value', 'format', 'value', 'source', 'source']);
  });

  /** What a script comes to with all that it imports, when it starts or later. */
  async function bundled(script: string, condition = 'node'): Promise<string> {
    const bundle = await rolldown({
      input: 'entry',
      platform: condition === 'node' ? 'node' : 'neutral',
      resolve: { conditionNames: [condition, 'import'] },
      external: /\.wasm$|\/wasm\/pool\.js$/,
      plugins: [
        { name: 'entry', resolveId: (id) => (id === 'entry' ? id : undefined), load: (id) => (id === 'entry' ? script : undefined) },
      ],
    });
    const { output } = await bundle.generate();
    await bundle.close();
    const chunks = output.filter((file) => file.type === 'chunk');
    const reached = new Set(chunks.filter(({ isEntry }) => isEntry));
    for (const { imports, dynamicImports } of reached)
      for (const chunk of chunks) if ([...imports, ...dynamicImports].includes(chunk.fileName)) reached.add(chunk);
    return [...reached].map(({ code }) => code).join('\n');
  }

  test('ops that only some models need are bundled for Node, and for edge workers and pages where they are asked for', async () => {
    const [traces, ops] = ['jit/index', 'kernels/sets/index'].map((name) => JSON.stringify(join(installed, `dist/${name}.js`)));
    /** Words of a rule of each set. */
    const rules = ['a row of rotation for each row of x', 'rows of an even number of columns'];
    const within = async (script: string, condition: string) => {
      const code = await bundled(script, condition);
      return rules.map((words) => code.includes(words));
    };
    for (const [condition, own] of [
      ['node', true],
      ['workerd', false],
      ['browser', false],
    ] as const) {
      expect(await within(`export * from ${traces}`, condition), condition).toEqual([own, own]);
      expect(await within(`import ${ops}; export * from ${traces}`, condition), condition).toEqual([true, true]);
    }
  });

  test('what finds files by their names is in edge workers that ask for it alone', async () => {
    const [traces, hub, all] = ['jit/index', 'hub', 'index'].map((name) => JSON.stringify(join(installed, `dist/${name}.js`)));
    const isIn = async (script: string, condition = 'workerd') => (await bundled(script, condition)).includes('huggingface.co');
    expect(await isIn(`export { load } from ${traces}`)).toBe(false);
    expect(await isIn(`import ${hub}; export { load } from ${traces}`)).toBe(true);
    expect(await isIn(`export { jit } from ${all}`)).toBe(true);
    for (const condition of ['node', 'browser']) expect(await isIn(`export { load } from ${traces}`, condition)).toBe(true);
  });

  test('families that are not used are not bundled', async () => {
    const configs = [...new Set(Object.values(ARCHITECTURES).flatMap(({ family }) => family?.Config.name ?? []))];
    const within = (code: string) => configs.filter((name) => code.includes(`var ${name} = class`));
    const [all, traces] = [join(installed, 'dist/index.js'), join(installed, 'dist/jit/index.js')].map((path) => JSON.stringify(path));
    expect(within(await bundled(`export * from ${all}`))).toEqual(configs);
    expect(within(await bundled(`export { BertModel, jit, tensor } from ${all}`))).toEqual(['BertConfig']);
    expect(within(await bundled(`export * from ${traces}`))).toEqual([]);
  });

  test('tokenizers have an entry point without kernels, which adds all kinds to the one of traces', async () => {
    const [tokenizers, traces] = [join(installed, 'dist/tokenizer/index.js'), join(installed, 'dist/jit/index.js')];
    const all = await bundled(`export * from ${JSON.stringify(tokenizers)}`);
    const load = `export { load } from ${JSON.stringify(traces)};`;
    const knowsAll = (code: string) => code.includes('RobertaProcessing');
    expect([knowsAll(all), all.includes('new WebAssembly.Instance')]).toEqual([true, false]);
    expect(knowsAll(await bundled(load))).toBe(false);
    expect(knowsAll(await bundled(`${load} import ${JSON.stringify(tokenizers)};`))).toBe(true);
  });
});
