import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import {
  architecture,
  BertConfig,
  BertModel,
  F,
  jit,
  nn,
  openCheckpoint,
  type PreTrainedOptions,
  Tensor,
  type TracedModule,
  tensor,
  withKernels,
} from '../../src/index.ts';
import { loadModel } from '../../src/models/autoload.ts';
import { quantize } from '../../src/quantize/index.ts';
import { type Half, SUFFIXES } from '../../src/tensor/half.ts';
import { fixture, goldenCases, VARIANTS } from '../support/fixtures.ts';
import { altered } from '../support/malformed_trace.ts';
import { expectSameBits, fileOf, floats, problem, tinyBert } from '../support/tiny.ts';

const HALVES = ['float16', 'bfloat16'] as const satisfies Half[];

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'dtype-'));
});
afterAll(() => rmSync(home, { recursive: true }));

const opsOf = (traced: TracedModule<unknown>): string[] => traced.instance.program.ops;
const weightDtypes = (traced: TracedModule<unknown>): Set<string> => {
  const { values, constants } = traced.instance.program;
  const read = traced.instance.proved.instructions.flatMap(({ operands }) => [operands.weight, operands.table]);
  const places = read.flatMap((value) => (typeof value === 'number' ? [values[value]] : []));
  return new Set(
    places.flatMap(({ place }) => {
      if (!('constant' in place)) return [];
      const { dtype, shape, parts } = constants[place.constant];
      return shape.length === 2 && !parts[0].startsWith('constants.') ? [dtype] : [];
    }),
  );
};
const ids = tensor([[1, 2, 3, 4, 5, 6, 7]]);
const mask = tensor([[1, 1, 1, 1, 1, 0, 0]]);

describe.each(HALVES)('%s', (dtype) => {
  const suffix = SUFFIXES[dtype];

  describe.each(goldenCases().map((golden) => [golden.name, golden] as const))('%s', (name, golden) => {
    test('a checkpoint of 16 bits, its trace and its trace in float32 give the same bits', async () => {
      const folder = join(home, `${name}-${dtype}`);
      const Model = architecture(golden.architecture);
      const options = { torchscript: true } as PreTrainedOptions;
      const rounded = await Model.from_pretrained(golden.directory, { ...options, dtype });
      await rounded.save_pretrained(folder);
      const stored = readSafetensors(readFileSync(join(folder, 'model.safetensors')), folder).tensors;
      expect(new Set([...stored.values()].map((each) => each.dtype))).toEqual(new Set([dtype]));
      const [half, wide] = await Promise.all([
        Model.from_pretrained(folder, options),
        Model.from_pretrained(folder, { ...options, dtype: 'f32' }),
      ]);
      const [{ inputs }] = golden.calls;
      const how = { kernels: VARIANTS[0], exact_padding: true, check_trace: false };
      const [narrow, full] = await Promise.all([jit.trace(half, inputs, how), jit.trace(wide, inputs, how)]);
      const [file, wideFile] = await Promise.all([fileOf(narrow), fileOf(full)]);
      expect(weightDtypes(full)).toEqual(new Set(['float32']));
      if (!name.includes('odd')) expect(weightDtypes(narrow)).toEqual(new Set([dtype]));
      expect(narrow.plan().weights).toBeLessThan(0.75 * full.plan().weights);
      for (const kernels of VARIANTS) {
        const [loaded, wideLoaded] = await Promise.all([jit.load(file, { kernels }), jit.load(wideFile, { kernels })]);
        const want = wideLoaded(inputs);
        expectSameBits(loaded(inputs), want, 'half');
        for (const [made, model] of Object.entries({ 'rounded when loaded': rounded, eager: half }))
          expectSameBits(withKernels(kernels, () => model(inputs)), want, made); // biome-ignore format: one row
        expect(await fileOf(loaded)).toEqual(file);
      }
      expectSameBits(narrow(inputs), full(inputs), 'traced');
    });
  });

  const model = () => BertModel.from_pretrained(fixture('bin/bert'), { torchscript: true, dtype });

  test('any size, batch and number of threads', async () => {
    const dynamic = { batch: [1, 4], sequence: [1, 12] } as const;
    const inputs = { input_ids: ids, attention_mask: mask };
    const wide = await BertModel.from_pretrained(fixture('bin/bert'), { torchscript: true, dtype });
    for (const parameter of wide.state_dict().values()) parameter.store('float32');
    const traces = await Promise.all([
      jit.trace(wide, inputs, { dynamic }),
      jit.trace(await model(), inputs, { dynamic }),
      jit.trace(await model(), inputs, { dynamic, threads: 2 }),
    ]);
    expect(traces.map((traced) => opsOf(traced).some((op) => op.endsWith(suffix)))).toEqual([false, true, true]);
    for (const [batch, sequence] of [
      [1, 1],
      [2, 7],
      [4, 12],
    ]) {
      const given = tensor(Array.from({ length: batch }, (_, b) => Array.from({ length: sequence }, (_, i) => (b * 5 + i * 3) % 30)));
      const [want, ...others] = await Promise.all(traces.map((traced) => traced.run({ input_ids: given })));
      for (const got of others) expectSameBits(got, want);
    }
    for (const traced of traces) traced.dispose();
  });

  test('a trace is a checkpoint of its dtype', async () => {
    const source = await fileOf(await jit.trace(await model(), { input_ids: ids }));
    const { tensors, halves } = await openCheckpoint(source);
    expect(new Set([...tensors.values()].map((each) => each.dtype))).not.toContain(dtype);
    const table = tensors.get('embeddings.word_embeddings.weight') as Tensor;
    expect([table.dtype, halves?.get(table)]).toEqual(['float32', dtype]);
    const streamed = await openCheckpoint(new Response(source as Uint8Array<ArrayBuffer>));
    expect([...(streamed.halves?.values() ?? [])]).toEqual([...(halves?.values() ?? [])]);
    const { config } = await model();
    const again = await jit.trace(await BertModel.from_pretrained(source, { config }), { input_ids: ids });
    const wide = await jit.trace(await BertModel.from_pretrained(source, { config, dtype: 'f32' }), { input_ids: ids });
    expect([weightDtypes(again), weightDtypes(wide)]).toEqual([new Set([dtype]), new Set(['float32'])]);
    expectSameBits(again({ input_ids: ids }), wide({ input_ids: ids }));
  });

  test('is quantised as the same numbers in float32 are', async () => {
    const half = tinyBert({ hidden_size: 64, intermediate_size: 96, vocab_size: 1100, torchscript: true });
    const wide = tinyBert({ hidden_size: 64, intermediate_size: 96, vocab_size: 1100, torchscript: true });
    for (const each of [half, wide]) for (const parameter of each.state_dict().values()) parameter.store(dtype);
    for (const parameter of wide.state_dict().values()) parameter.store('float32');
    const inputs = { input_ids: ids };
    const made = await Promise.all([half, wide].map(async (each) => quantize(await jit.trace(each, inputs), { calibrate: [inputs] })));
    const [a, b] = await Promise.all(made.map(({ traced }) => fileOf(traced)));
    expect(Buffer.compare(a, b)).toBe(0);
    expect(made[0].report).toEqual(made[1].report);
  });

  test('a weight of an odd number of columns, or that something else reads, stays in float32', async () => {
    class Mixed extends nn.Module<[Tensor], Tensor> {
      odd = new nn.Linear(5, 6, { seed: 1 });
      even = new nn.Linear(6, 6, { seed: 2 });
      read = new nn.Linear(6, 6, { seed: 3 });

      forward(x: Tensor): Tensor {
        const y = this.even(this.odd(x));
        return F.add(this.read(y), this.read.weight);
      }
    }
    const [half, wide] = [new Mixed(), new Mixed()];
    for (const module of [half, wide]) for (const parameter of module.state_dict().values()) parameter.store(dtype);
    for (const parameter of wide.state_dict().values()) parameter.store('float32');
    const [narrow, full] = [await jit.trace(half, floats([6, 5])), await jit.trace(wide, floats([6, 5]))];
    const { program } = narrow.instance;
    const dtypes = Object.fromEntries(program.constants.map(({ parts, dtype: held }) => [parts[0], held]));
    expect(dtypes).toMatchObject({ 'odd.weight': 'float32', 'even.weight': dtype, 'read.weight': 'float32', 'even.bias': 'float32' });
    expectSameBits(narrow(floats([6, 5], 4)), full(floats([6, 5], 4)));
  });
});

test.each([
  ['f16', 'float16'],
  ['bf16', 'bfloat16'],
  ['f32', 'float32'],
  ['bfloat16', 'bfloat16'],
])('dtype %s is %s, by either name of the option', async (name, dtype) => {
  for (const option of ['dtype', 'torch_dtype']) {
    const { model } = await loadModel(fixture('bin/bert'), { [option]: name });
    expect(new Set([...model.state_dict().values()].map(({ storedAs }) => storedAs))).toEqual(new Set([dtype]));
    expect(model.config.to_dict().dtype).toBe(dtype);
  }
});

test('dtypes that contradict each other or are none are refused', async () => {
  const load = (options: object) => () => BertModel.from_pretrained(fixture('bin/bert'), options);
  await problem('value', load({ dtype: 'f16', torch_dtype: 'bf16' }));
  expect((await problem('value', load({ dtype: 'q8' }))).message).toContain('quantize');
  await problem('value', load({ dtype: 'int8' }));
});

test('a float16 weight with an infinity stays in float32; a trace that holds one is refused', async () => {
  const linear = new nn.Linear(4, 4);
  linear.weight.set(new Tensor('float16', [4, 4], new Uint16Array(16).fill(0x7c00)));
  expect(opsOf(await jit.trace(linear, floats([1, 4]), { check_trace: false }))).toEqual(['linear']);
  linear.weight.set(new Tensor('float16', [4, 4], new Uint16Array(16).fill(0x3c00)));
  const traced = await jit.trace(linear, floats([1, 4]));
  expect(opsOf(traced)).toEqual(['linear_f16']);
  const file = altered(await fileOf(traced), ({ tensors }) => {
    tensors.set('weight', new Tensor('float16', [4, 4], new Uint16Array(16).fill(0xfc00)));
  });
  expect((await problem('value', () => jit.load(file))).message).toMatch(/weight weight in float16: expected magnitudes below 128/);
});

test('a parameter made of 16-bit floats is kept so, until it is set to others', async () => {
  const linear = new nn.Linear(4, 4);
  linear.weight.set(floats([4, 4]).to('bfloat16'));
  expect([linear.weight.storedAs, linear.weight.clone().dtype]).toEqual(['bfloat16', 'float32']);
  expect(opsOf(await jit.trace(linear, floats([1, 4])))).toEqual(['linear_bf16']);
  linear.weight.data[0] = 1 + 2 ** -20;
  expect(opsOf(await jit.trace(linear, floats([1, 4])))).toEqual(['linear']);
  linear.weight.set(floats([4, 4]));
  expect(linear.weight.storedAs).toBe('float32');
});

test('a config beside a dtype', async () => {
  const config = await BertConfig.from_pretrained(fixture('bin/bert'));
  const model = await BertModel.from_pretrained(fixture('bin/bert/bfloat16.safetensors'), { config });
  expect([...model.state_dict().values()].map(({ storedAs }) => storedAs)).toContain('bfloat16');
  const wide = await BertModel.from_pretrained(fixture('bin/bert/bfloat16.safetensors'), { config, dtype: 'float32' });
  expectSameBits(model({ input_ids: ids }), wide({ input_ids: ids }));
});
