import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { F, jit, type Tensor } from '../../src/index.ts';
import { SET_OPS, SETS } from '../../src/ops/sets.ts';
import { Computed, fileOf, floats } from '../support/tiny.ts';

const CAUSAL = { heads: 2, is_causal: true } as const;
const NUMBERS = floats([1, 5, 8]).tolist();

/** A trace with an op that is not always there, and what it answers; made before modules are reset. */
const traced = await jit.trace(new Computed((t) => F.attention(t, t, t, CAUSAL)), [floats([1, 5, 8])], { kernels: 'baseline' });
const FILE = await fileOf(traced);
const WANTED = (traced(floats([1, 5, 8])) as unknown as Tensor).tolist();

beforeEach(() => {
  vi.resetModules();
});

/** A library of its own that begins with the ops that are always there, as those of edge workers do. */
async function bare() {
  const { withKernels } = await import('../../src/nn/executor.ts');
  const functional = await import('../../src/nn/functional.ts');
  const { load } = await import('../../src/jit/files.ts');
  const { tensor } = await import('../../src/tensor/creation.ts');
  const { useKernels } = await import('../../src/kernels/binaries.ts');
  const { OPS } = await import('../../src/ops/table.ts');
  const x = tensor(NUMBERS as number[][][], { dtype: 'float32' });
  return {
    OPS,
    useKernels,
    eager: () => withKernels('baseline', () => functional.attention(x, x, x, CAUSAL)).tolist(),
    loaded: async () => ((await load(FILE, { kernels: 'baseline' }))(x) as unknown as Tensor).tolist(),
  };
}

const inDist = (name: string) => new URL(`../../dist/wasm/${name}`, import.meta.url);
const bytesOf = (name: string) => new Uint8Array(readFileSync(inDist(`${name}.wasm`)));
const moduleOf = (name: string) => new WebAssembly.Module(bytesOf(name));

describe('ops that only some models need', () => {
  test('are missing until their set is added, and the error says how', async () => {
    const { OPS, eager, loaded } = await bare();
    for (const name of Object.values(SETS).flat()) expect(OPS).not.toHaveProperty(name);
    const missing = { code: 'op', message: expect.stringContaining("Import 'tracelet/ops'") };
    await expect(loaded()).rejects.toMatchObject(missing);
    expect(eager).toThrow(expect.objectContaining(missing));
  });

  test('are what the rows of their own set are made into, and of no other', async () => {
    const { OPS } = await import('../../src/kernels/sets/index.ts');
    for (const [name, { apart, picks }] of Object.entries(OPS))
      for (const other of [...(apart ? [apart.op] : []), ...Object.values(picks ?? {})])
        expect([undefined, SET_OPS.get(name)], `${name}: ${other}`).toContain(SET_OPS.get(other));
  });

  test('load when a trace names them', async () => {
    const { OPS, eager, loaded } = await bare();
    await import('../../src/kernels/sets/late.ts');
    expect(await loaded()).toEqual(WANTED);
    expect(eager()).toEqual(WANTED);
    for (const [set, names] of Object.entries(SETS))
      for (const name of names) expect(Object.hasOwn(OPS, name), name).toBe(set === 'families');
  });

  test('are all there with tracelet/ops', async () => {
    const { OPS, eager, loaded } = await bare();
    await import('../../src/kernels/sets/index.ts');
    expect(eager()).toEqual(WANTED);
    expect(await loaded()).toEqual(WANTED);
    for (const name of Object.values(SETS).flat()) expect(OPS).toHaveProperty(name);
  });

  test('come with models whose family needs them', async () => {
    const { eager } = await bare();
    const { LlamaConfig, LlamaModel } = await import('../../src/models/llama/index.ts');
    expect(eager).toThrow(expect.objectContaining({ code: 'op' }));
    const sizes = { vocab_size: 9, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8 };
    new LlamaModel(new LlamaConfig(sizes));
    expect(eager()).toEqual(WANTED);
  });

  test('load before a function is traced', async () => {
    const { OPS } = await bare();
    await import('../../src/kernels/sets/late.ts');
    const { trace } = await import('../../src/jit/trace.ts');
    const { attention } = await import('../../src/nn/functional.ts');
    const { ones } = await import('../../src/tensor/creation.ts');
    const again = await trace((t: Tensor) => attention(t, t, t, CAUSAL), [ones([1, 5, 8])]);
    expect(again(ones([1, 5, 8]))).toHaveProperty('shape', [1, 5, 8]);
    for (const name of Object.values(SETS).flat()) expect(OPS).toHaveProperty(name);
  });

  test('run on modules that the caller compiled, and say which is missing', async () => {
    const { useKernels, loaded } = await bare();
    await import('../../src/kernels/sets/late.ts');
    useKernels({ baseline: moduleOf('baseline'), 'families.baseline': moduleOf('families.baseline') });
    expect(await loaded()).toEqual(WANTED);
    vi.resetModules();
    const other = await bare();
    await import('../../src/kernels/sets/late.ts');
    other.useKernels({ baseline: moduleOf('baseline') });
    await expect(other.loaded()).rejects.toMatchObject({
      code: 'kernels',
      message: expect.stringContaining('tracelet/wasm/families.baseline.wasm'),
    });
  });

  test('carry their kernels where no files lie beside the script', async () => {
    const { loaded } = await bare();
    const { setKernelSource } = await import('../../src/kernels/binaries.ts');
    const { compiled } = await import('../../src/platform/compile.ts');
    const { addOps } = await import('../../src/kernels/sets.ts');
    const { FAMILIES: rows } = await import('../../src/ops/families.ts');
    const { BINARIES } = (await import(inDist('families.inline.js').href)) as { BINARIES: Record<string, string> };
    const from: unknown[] = [];
    setKernelSource(
      compiled((binary, carried) => {
        from.push([binary, carried !== undefined]);
        return typeof carried === 'string' ? new Uint8Array(Buffer.from(carried, 'base64')) : bytesOf(binary);
      }),
    );
    addOps({ rows, binaries: BINARIES });
    expect(await loaded()).toEqual(WANTED);
    expect(from).toContainEqual(['baseline', false]);
    expect(from).toContainEqual(['families.baseline', true]);
  });
});
