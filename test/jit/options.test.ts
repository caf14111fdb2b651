import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BertModel, F, jit, nn, openCheckpoint, type Tensor, type TracedModule, tensor, useKernels, withKernels } from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { Computed, expectSameBits, fileOf, floats, problem, tinyBert, tinyConfig } from '../support/tiny.ts';

const x = floats([2, 6]);
const ids = tensor([[1, 2, 3, 4, 5]]);
const relu = () => new Computed((t) => F.relu(t));
const loose = jit as unknown as Record<'trace' | 'save' | 'load' | 'serialize', (...args: unknown[]) => Promise<unknown>>;

const isRecorded = (t: Tensor): boolean => {
  try {
    return t.data === undefined;
  } catch {
    return true;
  }
};

let directory: string;
let traced: TracedModule;
let file: Uint8Array;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jit-options-'));
  traced = (await jit.trace(tinyBert(), [ids])) as TracedModule;
  file = await fileOf(traced);
});
afterAll(() => rm(directory, { recursive: true }));

describe('jit.trace takes', () => {
  test('a function of tensors, with the weights that it uses', async () => {
    const layer = new nn.Linear(6, 3);
    const of = await jit.trace((t: Tensor) => F.relu(layer(t)), [x]);
    expectSameBits(of(x), F.relu(layer(x)));
    expectSameBits((await jit.load(await fileOf(of)))(x), F.relu(layer(x)));
    expectSameBits((await jit.trace((a: Tensor, b: Tensor) => [F.add(a, b), F.mul(a, b)], [x, x]))(x, x), [F.add(x, x), F.mul(x, x)]);
  });

  test('inputs by name in example_kwarg_inputs', async () => {
    const named = await jit.trace(tinyBert(), null, { example_kwarg_inputs: { input_ids: ids } });
    expect(named.inputs.map(({ name }) => name)).toEqual(['input_ids']);
    expectSameBits(named(ids), traced(ids));
    expect((await problem('value', () => jit.trace(tinyBert(), [ids], { example_kwarg_inputs: { input_ids: ids } }))).message).toContain(
      'both',
    );
    await problem('value', () => jit.trace(tinyBert(), null, { example_kwarg_inputs: { inputs_ids: ids } }));
  });

  test('more inputs to check with', async () => {
    const once = (limit: number) => {
      let calls = 0;
      return new Computed((t) => (calls++ < limit ? F.relu(t) : F.tanh(t)));
    };
    const more = [floats([2, 6], 2), floats([2, 6], 3)];
    await jit.trace(relu(), [x], { check_inputs: [[more[0]], more[1], { input_0: more[0] }] });
    await jit.trace(once(3), [x]);
    const error = await problem('tracing_check', () => jit.trace(once(3), [x], { check_inputs: [more].map(([first]) => [first]) }));
    expect(error.message).toContain('output "output"');
    await jit.trace(once(3), [x], { check_inputs: [[more[0]]], check_trace: false });
    await jit.trace(tinyBert(), [ids], {
      dynamic: { sequence: [1, 8] },
      check_inputs: [[tensor([[3, 2]])], [tensor([[7, 6, 5, 4, 3, 2, 1]])]],
    });
    await problem('shape', () => jit.trace(relu(), [x], { check_inputs: [[floats([3, 6])]] }));
    await problem('value', () => jit.trace(tinyBert(), [ids], { check_inputs: [[tensor([[99, 99, 99, 99, 99]])]] }));
    for (const check_inputs of [x, 7, [7]]) await problem('value', () => loose.trace(relu(), [x], { check_inputs }));
  });

  test('more inputs of other sizes, and tells that they differ', async () => {
    const model = new Computed((t) => (t.shape[0] === 3 && !isRecorded(t) ? F.tanh(t) : F.relu(t)));
    const all = { dynamic: { batch: [1, 8] }, dynamic_axes: { input_0: { 0: 'batch' } } } as const;
    const hidden = jit.trace(model, [x], { ...all, check_inputs: [[floats([3, 6])]] });
    expect((await problem('tracing_check', () => hidden)).message).toContain('output "output"');
  });

  test('strict as PyTorch means it', async () => {
    const named = () => new Computed((t) => ({ out: F.relu(t) }));
    await jit.trace(named(), [x]);
    await jit.trace(named(), [x], { strict: false });
    await jit.trace(relu(), [x], { strict: true });
    await jit.trace(tinyBert(), [ids], { strict: true });
    expect((await problem('tracing', () => jit.trace(named(), [x], { strict: true }))).message).toContain('strict');
  });

  test('nothing else', async () => {
    const cures: [options: unknown, cure: string][] = [
      [{ nonsense: 1 }, 'option "nonsense"'],
      [{ optimize: true }, 'fusion'],
      [{ _force_outplace: true }, 'in place'],
      [{ _module_class: null }, 'TracedModule'],
      [{ check_tolarance: 1 }, 'Did you mean check_tolerance?'],
      [{ fusion: 'no' }, 'true or false'],
      [{ check_tolerance: -1 }, 'from 0'],
      [{ kernels: 'fast' }, '"relaxed"'],
      [{ tokenizer: 'bert' }, 'a tokenizer'],
      [{ dynamic: true }, 'an object'],
      [{ signal: {} }, 'AbortSignal'],
      [true, 'an object'],
    ];
    for (const [options, cure] of cures) expect((await problem('value', () => loose.trace(relu(), [x], options))).message).toContain(cure);
    expect((await problem('value', () => loose.trace(relu(), [x], null, true))).message).toContain('check_trace');
  });

  test('a model and tensors', async () => {
    for (const args of [[], [{}], ['model', [x]], [[x], relu()], [relu(), 'x'], [relu(), 7], [relu()], [relu(), []]])
      await problem('value', () => loose.trace(...args));
    expect((await problem('value', () => loose.trace(BertModel, [ids]))).message).toContain('the class BertModel');
  });
});

describe('jit.save and jit.serialize refuse', () => {
  test('what is not traced', async () => {
    for (const model of [tinyBert(), undefined, 'model', {}, () => {}])
      for (const body of [() => loose.save(model, join(directory, 'a')), () => loose.serialize(model)])
        expect((await problem('value', body)).message).toContain('jit.trace');
  });

  test('extra files in the place of options, and what are none', async () => {
    const path = join(directory, 'b');
    expect((await problem('value', () => loose.save(traced, path, { 'foo.txt': 'bar' }))).message).toContain('_extra_files: { "foo.txt"');
    expect((await problem('value', () => loose.save(traced, path, { extra_files: { a: 'b' } }))).message).toContain(
      'Did you mean _extra_files?',
    );
    await problem('value', () => loose.save(traced, path, { _extra_files: { a: 7 } }));
    await problem('value', () => loose.save(traced, path, { _extra_files: new Map([['a', 'b']]) }));
    await problem('value', () => loose.save(traced, path, null, { a: 'b' }));
    await problem('value', () => loose.serialize(traced, { _extra_files: 'a' }));
  });

  test('what is no path', async () => {
    for (const path of [undefined, '', 7, {}]) await problem('value', () => loose.save(traced, path));
    expect(await readdir(directory)).toEqual([]);
  });
});

test('jit.load refuses what it does not know', async () => {
  const cures: [options: unknown, cure: string][] = [
    [{ device: 'cpu' }, 'leave it out'],
    [{ map_location: 'cpu' }, 'leave it out'],
    [{ _restore_shapes: true }, 'its shapes'],
    [{ thread: 2 }, 'Did you mean threads?'],
    [{ extra_files: {} }, 'Did you mean _extra_files?'],
    [{ _extra_files: ['a'] }, 'an object'],
    [{ kernels: 'fast' }, '"relaxed"'],
    [{ integers: 'fast' }, '"dot16"'],
    [{ worker: 'yes' }, 'true or false'],
    ['cpu', 'an object'],
  ];
  for (const [options, cure] of cures) expect((await problem('value', () => loose.load(file, options))).message).toContain(cure);
  await problem('source', () => loose.load());
});

test('methods of a trace refuse what they do not know', async () => {
  const any = traced as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const [method, args, cure] of [
    ['run', [ids, { singal: null }], ''],
    ['run', [ids, { singal: 1 }], 'Did you mean signal?'],
    ['run', [ids, { outputs: 'pooler_output' }], 'an array of strings'],
    ['run', [ids, ids], 'option'],
    ['pad', [{ input_ids: ids }, { pad_token: 0 }], 'Did you mean pad_token_id?'],
    ['pad', [{ input_ids: ids }, 0], 'an object'],
    ['profile', [ids, { second: 1 }], 'Did you mean seconds?'],
    ['profile', [ids, { seconds: 'long' }], 'above 0'],
    ['plan', [{ batc: 1 }], ''],
    ['plan', [7], 'sizes by name'],
    ['verify', ['fast'], ''],
  ] as const)
    expect((await problem('value', () => any[method](...args))).message).toContain(cure);
});

test('quantize, openCheckpoint, useKernels and withKernels refuse what they do not know', async () => {
  const any = { quantize, openCheckpoint, useKernels, withKernels } as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const [name, args, cure] of [
    ['quantize', [tinyBert()], 'jit.trace'],
    ['quantize', [], 'jit.trace'],
    ['quantize', [traced, { bit: 4 }], 'Did you mean bits?'],
    ['quantize', [traced, { bits: 5 }], 'one of 8, 4'],
    ['quantize', [traced, { calibrate: 'text' }], 'a list'],
    ['quantize', [traced, { like: tinyBert() }], 'a quantised trace'],
    ['quantize', [traced, 8], 'an object'],
    ['openCheckpoint', [file, { tokn: 'hf_x' }], 'Did you mean token?'],
    ['openCheckpoint', [file, 'main'], 'an object'],
    ['useKernels', [], 'baseline'],
    ['useKernels', [{ base: 1 }], 'option "base"'],
    ['useKernels', [{ baseline: new Uint8Array(8) }], 'a WebAssembly.Module'],
    ['withKernels', ['fast', () => 1], '"relaxed"'],
    ['withKernels', ['baseline'], 'a function'],
  ] as const)
    expect((await problem('value', () => any[name](...args))).message).toContain(cure);
});

test('a config by position reaches a trace', async () => {
  const config = tinyConfig();
  const model = new BertModel(config, { seed: 3, add_pooling_layer: false });
  const bare = await jit.trace(model, [ids]);
  expect(bare.outputs.map(({ name }) => name)).toEqual(['last_hidden_state']);
});
