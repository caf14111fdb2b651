import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import { Zip } from '../../src/formats/torch/zip.ts';
import { BertConfig, BertModel, jit, type Tensor, tensor } from '../../src/index.ts';
import { loadWith } from '../../src/jit/loading.ts';
import { quantize } from '../../src/quantize/index.ts';
import { fixture } from '../support/fixtures.ts';
import { zipOf } from '../support/zip.ts';

const MLP = fixture('programs/hf4.57-torch2.2-own-mlp-script.pt');
const BERT = fixture('programs/hf5.23-torch2.15-bert-extra-files.pt');
const x = tensor([Array.from({ length: 12 }, (_, i) => Math.cos(i))]);
const ids = (length: number, first = 5): Tensor => tensor([Array.from({ length }, (_, i) => first + ((i * 7) % 90))]);

const folder = mkdtempSync(join(tmpdir(), 'torchscript-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file with other extra files. */
function withFiles(path: string, files: Readonly<Record<string, string>>): Uint8Array {
  const zip = new Zip(readFileSync(path), path);
  const root = zip.names[0].split('/', 1)[0];
  const kept = zip.names.filter((name) => !name.startsWith(`${root}/extra/`)).map((name) => ({ name, content: zip.read(name) }));
  const more = Object.entries(files).map(([name, text]) => ({ name: `${root}/extra/${name}`, content: new TextEncoder().encode(text) }));
  return zipOf([...kept, ...more]);
}

describe('jit.load of an archive', () => {
  test.each([
    ['a path', () => MLP],
    ['bytes', () => readFileSync(MLP)],
    ['a response', () => new Response(readFileSync(MLP))],
    ['a Blob', () => new Blob([readFileSync(MLP)])],
    ['a stream', () => new Blob([readFileSync(MLP)]).stream()],
  ])('of %s', async (_, source) => {
    const traced = await jit.load<Tensor>(source(), { inputs: [x] });
    expect((traced(x) as Tensor).shape).toEqual([1, 3]);
  });

  test('of an address', async () => {
    vi.stubGlobal('fetch', async () => new Response(readFileSync(MLP)));
    try {
      expect((await jit.open_script('https://models.example/mlp.pt', { cache: false })).input_names).toEqual(['x']);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('asks for inputs where the archive has none', () =>
    expect(jit.load(MLP)).rejects.toThrow(/expected inputs, for the archive does not say .* \{ inputs: \{ x: … \} \}/));

  test('needs none where it was traced', async () => {
    const traced = await jit.load(BERT);
    expect(traced.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['input_ids', [2, 14]],
      ['attention_mask', [2, 14]],
      ['token_type_ids', [2, 14]],
    ]);
    expect(traced.outputs.map(({ name }) => name)).toEqual(['last_hidden_state', 'pooler_output']);
    expect(traced.verify('baseline').exact).toBe(true);
  });

  test('saves, loads, and quantises', async () => {
    const traced = await jit.load(BERT, { dynamic: { batch: [1, 4], sequence: [2, 32] } });
    const path = join(folder, 'bert.tracelet');
    await jit.save(traced, path);
    expect(existsSync(path)).toBe(true);
    const again = await jit.load(path);
    const inputs = { input_ids: ids(9), attention_mask: tensor([new Array(9).fill(1)]) };
    const given = { ...inputs, token_type_ids: tensor([new Array(9).fill(0)]) };
    expect(again(given).last_hidden_state.data).toEqual(traced(given).last_hidden_state.data);
    const { traced: small } = await quantize(again);
    const worst = Math.max(
      ...Array.from(small(given).pooler_output.data, (value, i) => Math.abs(value - traced(given).pooler_output.data[i])),
    );
    expect(worst).toBeLessThan(0.1);
  });

  test('runs in workers', async () => {
    const pool = await jit.load<Tensor>(MLP, { inputs: [x], workers: 1 });
    try {
      const got = (await pool.run([x])) as unknown as Tensor;
      const want = (await jit.load<Tensor>(MLP, { inputs: [x] }))(x) as Tensor;
      expect(got.data).toEqual(want.data);
    } finally {
      pool.dispose();
    }
  });

  test('with a tokenizer among its files takes texts', async () => {
    const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'text', 'other'].join('\n');
    const bytes = withFiles(BERT, { 'vocab.txt': words, 'config.json': '{"model_type": "bert"}' });
    const traced = await jit.load(bytes, { dynamic: { batch: [1, 4], sequence: [2, 32] } });
    expect(traced('a text').last_hidden_state.shape).toEqual([1, 4, 24]);
    const wanted = { 'config.json': '' };
    await jit.load(bytes, { _extra_files: wanted });
    expect(wanted['config.json']).toContain('bert');
  });

  test('stops when it is told to', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(jit.load(BERT, { signal: stop.signal })).rejects.toThrow('enough');
    await expect(jit.open_script(BERT, { signal: stop.signal })).rejects.toThrow('enough');
  });

  test('has options that traces refuse', async () => {
    const path = join(folder, 'mlp.tracelet');
    await jit.save(await jit.load<Tensor>(MLP, { inputs: [x] }), path);
    await expect(jit.load(path, { dynamic: { batch: [1, 2] } })).rejects.toThrow(
      /jit\.load: option dynamic: expected an archive of PyTorch, got .*, a trace/,
    );
    await expect(jit.load(MLP, { inputs: [x], input_names: ['a', 'b'] })).rejects.toThrow(/a name for each of x, got a, b/);
    await expect(jit.load(MLP, { inputs: [x], input_names: [3] as never })).rejects.toThrow(/a list of names/);
  });

  test('names its inputs as it is told', async () => {
    const traced = await jit.load<Tensor>(MLP, { inputs: { features: x }, input_names: ['features'] });
    expect(traced.inputs.map(({ name }) => name)).toEqual(['features']);
  });

  test('is refused with a cure where nothing reads archives', () =>
    expect(loadWith(undefined, MLP, {})).rejects.toThrow(
      /expected a trace, got a file of PyTorch\. Load it with import \{ jit \} from 'tracelet'/,
    ));
});

test('a module runs at once, by position and by name', async () => {
  const module = await jit.open_script(MLP);
  const traced = await jit.load<Tensor>(MLP, { inputs: [x] });
  const want = Array.from((traced(x) as Tensor).data, Number);
  for (const got of [module(x), module({ x } as never)] as Tensor[])
    for (const [i, value] of want.entries()) expect(got.data[i]).toBeCloseTo(value, 5);
  expect(() => module()).toThrow(/input "x": expected a tensor, got none/);
  expect(() => (module as unknown as { fc1: () => void }).fc1()).toThrow(/expected a call of the whole, got one of a part/);
});

test('a model of transformers becomes the instructions that its class here is traced to, with the same bits', async () => {
  const module = await jit.open_script(BERT);
  const state = module.state_dict();
  const config = new BertConfig({
    vocab_size: 101,
    hidden_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    intermediate_size: 40,
    max_position_embeddings: 48,
  });
  const model = new BertModel(config);
  for (const [name, parameter] of model.named_parameters()) parameter.set(state.get(name) as Tensor);
  const { tensors } = await openCheckpoint(BERT.replace('.pt', '.safetensors'));
  const inputs = ['in.0', 'in.1', 'in.2'].map((name) => tensors.get(name) as Tensor);
  const named = Object.fromEntries(['input_ids', 'attention_mask', 'token_type_ids'].map((name, i) => [name, inputs[i]]));
  const [native, opened] = [await jit.trace(model, named), await jit.trace(module, named)];
  const opsOf = (traced: { graph: string }): string[] => traced.graph.split('\n').map((line) => /= (\w+)/.exec(line)?.[1] ?? '');
  expect(opsOf(opened)).toEqual(opsOf(native));
  const [a, b] = [native, opened].map(
    (traced) => (traced as unknown as (...given: Tensor[]) => { last_hidden_state: Tensor })(...inputs).last_hidden_state,
  );
  expect(b.data).toEqual(a.data);
});
