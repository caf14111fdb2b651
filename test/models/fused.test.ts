import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jit, type PreTrainedModel, type Tensor, tensor } from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { Apart, config, GLU, HEADS, HIDDEN, INNER, modelOf, QKV, Together } from '../support/fusedmodels.ts';
import { archiveOf } from '../support/pickle.ts';
import { concat, entry, file, serialize } from '../support/safetensors.ts';
import { bytesOf, expectSameBits, expectSameTensor, fileOf, floats, problem } from '../support/tiny.ts';

const ids = tensor([[1, 2, 3, 4]]);
const InParts = modelOf(Apart, [QKV, GLU]);
const AsOne = modelOf(Together, [QKV, GLU]);
const parts = () => new InParts(config, { seed: 3 });
const whole = () => {
  const model = new AsOne(config, { seed: 4 });
  for (const [name, parameter] of model.state_dict())
    if (name.includes('gate_up')) parameter.set(floats(parameter.shape, name.length + Number(name[7])));
  return model;
};
const weightsOf = (model: PreTrainedModel) =>
  [...model.state_dict()].map(([name, weight]) => [name.replace(/^layers/, 'encoder.layers'), weight] as const);
const rowsOf = (value: unknown): unknown[] => (value as Tensor).tolist();
const at = (model: PreTrainedModel, name: string): Tensor => model.state_dict().get(name) as Tensor;

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'fused-'));
});
afterAll(() => rmSync(home, { recursive: true }));

/** A folder with a shard for each of so many tensors. */
function sharded(model: PreTrainedModel, bin: boolean): string {
  const folder = mkdtempSync(join(home, 'shards-'));
  const name = (i: number) => (bin ? `pytorch_model-${i}.bin` : `model-${i}.safetensors`);
  const stored = weightsOf(model);
  for (const [i, [key, weight]] of stored.entries())
    writeFileSync(join(folder, name(i)), bin ? archiveOf([[key, weight]]) : concat(serialize([[key, weight]])));
  const weight_map = Object.fromEntries(stored.map(([key], i) => [key, name(i)]));
  writeFileSync(join(folder, bin ? 'pytorch_model.bin.index.json' : 'model.safetensors.index.json'), JSON.stringify({ weight_map }));
  return folder;
}

function alone(name: string, bytes: Uint8Array): string {
  const folder = mkdtempSync(join(home, 'single-'));
  writeFileSync(join(folder, name), bytes);
  return folder;
}

const SOURCES: readonly [string, (model: PreTrainedModel) => string | Uint8Array | Promise<Uint8Array>][] = [
  ['bytes', (model) => concat(serialize(weightsOf(model)))],
  ['model.safetensors', (model) => alone('model.safetensors', concat(serialize(weightsOf(model))))],
  ['pytorch_model.bin', (model) => alone('pytorch_model.bin', archiveOf(weightsOf(model)))],
  ['shards, a tensor in each', (model) => sharded(model, false)],
  ['shards of .bin, a tensor in each', (model) => sharded(model, true)],
  ['a trace', async (model) => fileOf(await jit.trace(model, [ids]))],
];

describe.each(SOURCES)('from %s', (_, store) => {
  test('parts are rows of a whole', async () => {
    const from = whole();
    const model = await InParts.from_pretrained(await store(from), { config });
    expectSameBits(model(ids), from(ids));
    for (const layer of [0, 1]) {
      const all = rowsOf(at(from, `layers.${layer}.attn.Wqkv.bias`));
      expect(['q', 'k', 'v'].flatMap((part) => rowsOf(at(model, `layers.${layer}.self_attn.${part}.bias`)))).toEqual(all);
    }
  });

  test('a whole is its parts', async () => {
    const from = parts();
    const model = await AsOne.from_pretrained(await store(from), { config });
    expectSameBits(model(ids), from(ids));
  });
});

test('integers of a quantised trace are multiplied out part by part', async () => {
  for (const [Made, from] of [
    [InParts, whole()],
    [AsOne, parts()],
  ] as const) {
    const { traced } = await quantize(await jit.trace(from, [ids]), { bits: 8, calibrate: [[ids]] });
    const trace = await fileOf(traced);
    const same = await (from.constructor as typeof AsOne).from_pretrained(trace, { config });
    const model = await (Made as typeof AsOne).from_pretrained(trace, { config });
    expectSameBits(model(ids), same(ids));
  }
});

test('rows that stand together are read where they lie', async () => {
  const model = await InParts.from_pretrained(concat(serialize(weightsOf(whole()))), { config });
  const [q, k, v] = ['q', 'k', 'v'].map((part) => at(model, `layers.0.self_attn.${part}.weight`).elements);
  expect([k.buffer, v.buffer]).toEqual([q.buffer, q.buffer]);
  expect(k.buffer).toBe(q.buffer);
  expect([k.byteOffset - q.byteOffset, v.byteOffset - q.byteOffset]).toEqual([4 * HIDDEN * HIDDEN, 8 * HIDDEN * HIDDEN]);
});

test('either half of a gated unit may come first', async () => {
  const Swapped = modelOf(Apart, [QKV, { ...GLU, parts: [...GLU.parts].reverse() }]);
  const from = whole();
  const model = await Swapped.from_pretrained(concat(serialize(weightsOf(from))), { config });
  const rows = rowsOf(at(from, 'layers.1.mlp.gate_up'));
  expect(rowsOf(at(model, 'layers.1.mlp.up.weight'))).toEqual(rows.slice(0, INNER));
  expect(rowsOf(at(model, 'layers.1.mlp.gate.weight'))).toEqual(rows.slice(INNER));
});

describe('rows that take turns head by head', () => {
  const turns = [{ ...QKV, groups: 'num_attention_heads' }, GLU];
  const size = HIDDEN / HEADS;
  const place = (part: number, row: number) => Math.floor(row / size) * 3 * size + part * size + (row % size);

  test('are taken apart', async () => {
    const from = whole();
    const model = await modelOf(Apart, turns).from_pretrained(concat(serialize(weightsOf(from))), { config });
    for (const [part, name] of ['q', 'k', 'v'].entries())
      for (const leaf of ['weight', 'bias']) {
        const all = rowsOf(at(from, `layers.1.attn.Wqkv.${leaf}`));
        expect(rowsOf(at(model, `layers.1.self_attn.${name}.${leaf}`))).toEqual(
          Array.from({ length: HIDDEN }, (_, row) => all[place(part, row)]),
        );
      }
  });

  test('and put together', async () => {
    const from = parts();
    const model = await modelOf(Together, turns).from_pretrained(concat(serialize(weightsOf(from))), { config });
    const all = rowsOf(at(model, 'layers.0.attn.Wqkv.weight'));
    for (const [part, name] of ['q', 'k', 'v'].entries())
      expect(Array.from({ length: HIDDEN }, (_, row) => all[place(part, row)])).toEqual(
        rowsOf(at(from, `layers.0.self_attn.${name}.weight`)),
      );
  });
});

class Fewer extends Apart {
  constructor() {
    super(HIDDEN / 2);
  }
}

test('parts of unequal numbers of rows take turns as well', async () => {
  const turns = [{ ...QKV, groups: 'num_attention_heads' }, GLU];
  const from = new (modelOf(Fewer, turns))(config, { seed: 5 });
  class Narrow extends Together {
    constructor() {
      super(2 * HIDDEN);
    }
  }
  const joined = await modelOf(Narrow, turns).from_pretrained(concat(serialize(weightsOf(from))), { config });
  const of = (part: string) => rowsOf(at(from, `layers.1.self_attn.${part}.weight`));
  const want = Array.from({ length: HEADS }, (_, head) => [
    ...of('q').slice(4 * head, 4 * head + 4),
    ...of('k').slice(2 * head, 2 * head + 2),
    ...of('v').slice(2 * head, 2 * head + 2),
  ]);
  expect(rowsOf(at(joined, 'layers.1.attn.Wqkv.weight'))).toEqual(want.flat());
  const again = await modelOf(Fewer, turns).from_pretrained(concat(serialize(weightsOf(joined))), { config });
  for (const [name, weight] of from.state_dict()) expectSameTensor(at(again, name), weight, name);
});

test('parts may have unequal numbers of rows', async () => {
  const Grouped = modelOf(Fewer, [QKV, GLU]);
  const from = whole();
  const stored = weightsOf(from).map(([name, weight]) => {
    if (!name.includes('Wqkv')) return [name, weight] as const;
    return [name, floats([2 * HIDDEN, ...weight.shape.slice(1)])] as const;
  });
  const model = await Grouped.from_pretrained(concat(serialize(stored)), { config });
  const all = rowsOf(floats([2 * HIDDEN, HIDDEN]));
  const split = ['q', 'k', 'v'].map((part) => rowsOf(at(model, `layers.0.self_attn.${part}.weight`)));
  expect(split.map(({ length }) => length)).toEqual([HIDDEN, HIDDEN / 2, HIDDEN / 2]);
  expect(split.flat()).toEqual(all);
});

describe('what does not fit is named', () => {
  type Stored = Map<string, Tensor>;
  const load = (Made: typeof InParts | typeof AsOne, from: PreTrainedModel, change: (tensors: Stored) => unknown, strict = true) => {
    const tensors: Stored = new Map(weightsOf(from));
    change(tensors);
    return (Made as typeof InParts).from_pretrained(concat(serialize(tensors)), { config, strict });
  };
  const layer = 'encoder.layers.1';

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'a whole of another height, with the part',
      () => load(InParts, whole(), (tensors) => tensors.set(`${layer}.attn.Wqkv.weight`, floats([47, 16]))),
      'encoder.layers.1.attn.Wqkv.weight in bytes: expected shape [48,16], rows 0 to 15 of it being layers.1.self_attn.q.weight, got [47,16]. Does',
    ],
    [
      'a part of another width, with the others',
      () => load(AsOne, parts(), (tensors) => tensors.set(`${layer}.self_attn.k.weight`, floats([16, 15]))),
      'encoder.layers.1.self_attn.q.weight, encoder.layers.1.self_attn.k.weight, encoder.layers.1.self_attn.v.weight in bytes, ' +
        'the parts of layers.1.attn.Wqkv.weight: expected shape [48,16] together, got [16,16], [16,15], [16,16]. Does',
    ],
    [
      'a part that is missing',
      () => load(AsOne, parts(), (tensors) => tensors.delete(`${layer}.mlp.up.weight`)),
      'expected the tensors layers.1.mlp.up.weight, got a checkpoint without them. Load',
    ],
    [
      'all of a whole that is missing',
      () => load(InParts, whole(), (tensors) => tensors.delete(`${layer}.mlp.gate_up`)),
      'expected the tensors layers.1.mlp.gate.weight, layers.1.mlp.up.weight, got a checkpoint without them. Load',
    ],
    [
      'a part beside the whole',
      () => load(AsOne, whole(), (tensors) => tensors.set(`${layer}.self_attn.q.bias`, floats([16]))),
      'encoder.layers.1.self_attn.q.bias in bytes: expected a tensor that Made has, got an extra one of shape [16]',
    ],
  ])('%s', async (_, body, message) => expect((await problem('checkpoint', body)).message).toContain(message));

  test('rows of parts that are no whole number of groups', async () => {
    const Turning = modelOf(Together, [{ ...QKV, groups: 'num_attention_heads' }, GLU]);
    const unequal = (tensors: Stored) => [
      tensors.set(`${layer}.self_attn.q.bias`, floats([15])),
      tensors.set(`${layer}.self_attn.k.bias`, floats([17])),
    ];
    const { message } = await problem('checkpoint', () => load(Turning as typeof AsOne, parts(), unequal));
    expect(message).toContain('expected shape [48] together, in 4 groups, got [15], [17], [16]');
    const heads = modelOf(Apart, [{ ...QKV, groups: 'num_attention_heads' }, GLU]);
    const short = (tensors: Stored) => tensors.set(`${layer}.attn.Wqkv.bias`, floats([40]));
    expect((await problem('checkpoint', () => load(heads as typeof InParts, whole(), short))).message).toContain(
      'expected shape [48], rows 0 to 3 of each 12 of it being layers.1.self_attn.q.bias, got [40]',
    );
  });

  test('a whole of a dtype that nothing computes with', async () => {
    const plain = concat(serialize(weightsOf(whole()).filter(([name]) => name !== `${layer}.attn.Wqkv.bias`)));
    const length = Number(new DataView(plain.buffer, plain.byteOffset).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(plain.subarray(8, 8 + length)));
    const data = plain.subarray(8 + length);
    const odd = { ...header, [`${layer}.attn.Wqkv.bias`]: entry('F8_E4M3', [48], [data.length, data.length + 48]) };
    const bytes = file(JSON.stringify(odd), concat([data, new Uint8Array(48)]));
    expect((await problem('checkpoint', () => InParts.from_pretrained(bytes, { config }))).message).toContain(
      `${layer}.attn.Wqkv.bias in bytes: expected floating-point numbers of 16, 32 or 64 bits, got F8_E4M3`,
    );
  });

  test('what is missing starts from the seed where that is meant', async () => {
    const model = await load(AsOne, parts(), (tensors) => tensors.delete(`${layer}.mlp.up.weight`), false);
    expect(rowsOf(at(model, 'layers.1.mlp.gate_up'))[0]).toEqual(new Array(HIDDEN).fill(0.5));
  });
});

test('a model of parts is saved in parts, and what is read of a whole can be changed without the rest', async () => {
  const model = await InParts.from_pretrained(concat(serialize(weightsOf(whole()))), { config });
  const before = bytesOf(at(model, 'layers.0.self_attn.k.bias'));
  (at(model, 'layers.0.self_attn.q.bias').data as Float32Array).fill(9);
  expectSameTensor(
    at(model, 'layers.0.self_attn.k.bias'),
    tensor([...new Float32Array(Uint8Array.from(before).buffer)], { dtype: 'float32' }),
    'k',
  );
  await model.save_pretrained(join(home, 'saved'));
  expectSameBits((await InParts.from_pretrained(join(home, 'saved')))(ids), model(ids));
});
