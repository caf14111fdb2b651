import { describe, expect, test } from 'vitest';
import { F, jit, type Tensor, tensor } from '../../src/index.ts';
import { argument, type ExportedParts, exportedArchive, node, reference } from '../support/exported.ts';
import { problem } from '../support/tiny.ts';

const ids = tensor([
  [1, 2, 3],
  [5, 4, 0],
]);

const traced = (parts: ExportedParts = {}) => jit.load<Tensor>(exportedArchive(parts), { inputs: [ids] });

/** What the program is, in functions of the library. */
async function expected(): Promise<number[]> {
  const [weight, table] = [...(await jit.open_script(exportedArchive())).named_parameters()].map(([, parameter]) => parameter);
  return Array.from(F.gelu_new(F.linear(F.embedding(ids, table), weight)).data);
}

const close = (got: Tensor, want: readonly number[]): void => {
  expect(got.size).toBe(want.length);
  for (const [i, value] of want.entries()) expect(got.data[i]).toBeCloseTo(value, 5);
};

describe('a program of torch.export', () => {
  test.each([
    ['of PyTorch 2.8 and later', {}],
    ['of PyTorch before', { flat: true }],
    ['whose schema gives all arguments by name', { flat: true, schema: { major: 5, minor: 3 }, nodes: byName() }],
    ['whose extra files are in the archive', { others: { 'm/extra/note.txt': 'so' } }],
  ] satisfies [string, ExportedParts][])('%s', async (_, parts) => close((await traced(parts))(ids) as Tensor, await expected()));

  test('has parameters by name, and its ranges as sizes that calls may choose', async () => {
    const module = await jit.open_script(exportedArchive());
    expect([...module.named_parameters()].map(([name]) => name)).toEqual(['weight', 'a.table']);
    expect(module.input_names).toEqual(['ids']);
    expect(module.example_inputs).toEqual([{ name: 'ids', dtype: 'int64', shape: [2, 3] }]);
    expect(module.open_sizes?.dynamic).toEqual({ batch: [1, 4], sequence: [2, 9] });
    expect(module.code).toContain('out = torch.ops.aten.gelu.default(self={"name":"y"}, approximate="tanh")');
    const any = await jit.load<Tensor>(exportedArchive());
    expect(any.dynamic).toEqual({ batch: [1, 4], sequence: [2, 9] });
    expect((any(tensor([[1, 2, 3, 4, 5]])) as Tensor).shape).toEqual([1, 5, 4]);
  });

  test('opens sizes without an end as far as is sensible', async () => {
    const { open_sizes } = await jit.open_script(
      exportedArchive({ ranges: { s0: { min_val: 0, max_val: null }, s1: { min_val: 2, max_val: 2 ** 62 } } }),
    );
    expect(open_sizes?.dynamic).toEqual({ batch: [1, 64], sequence: [2, 512] });
  });

  test('that asks for inputs beyond what memory is meant for is refused before they are made', async () => {
    const sizes = Array.from({ length: 17 }, () => ({ as_int: 3 }));
    const error = await problem('value', () => jit.load(exportedArchive({ sizes, ranges: {} })));
    expect(error.message).toMatch(/input "ids" of the program: expected a shape of at most 16777216 elements, got \[3,3,/);
  });

  test('computes sizes, passes checks and runs graphs within it', async () => {
    const symbol = (as_name: string) => ({ as_sym_int: { as_name } });
    const made = (target: string, inputs: readonly unknown[], name: string) => ({ ...node(target, inputs, ''), outputs: [symbol(name)] });
    const inner = {
      inputs: [reference('a')],
      outputs: [reference('b')],
      nodes: [node('neg.default', [argument('self', reference('a'))], 'b')],
    };
    const nodes = [
      ...(exportedNodes() as object[]),
      made('sym_size.int', [argument('self', reference('out')), argument('dim', { as_int: 1 })], 'n'),
      made('_operator.mul', [argument('a', symbol('n')), argument('b', { as_int: 4 })], 'm'),
      { ...node('torch.ops.aten._assert_scalar.default', [argument('self', { as_bool: true })], ''), outputs: [] },
      node(
        'view.default',
        [argument('self', reference('out')), argument('size', { as_sym_ints: [{ as_int: 2 }, { as_name: 'm' }] })],
        'flat',
      ),
      node(
        'torch.ops.higher_order.wrap_with_set_grad_enabled',
        [argument('', { as_bool: false }), argument('', { as_graph: { name: 'g', graph: inner } }), argument('', reference('flat'))],
        'last',
      ),
    ];
    const got = (await traced({ ranges: {}, nodes, outputs: [{ user_output: { arg: reference('last') } }] }))(ids) as Tensor;
    expect([...got.shape]).toEqual([2, 12]);
    close(
      got,
      (await expected()).map((value) => -value),
    );
  });

  test('answers in the tuples and dicts of its module', async () => {
    const leaf = { type: null, context: null, children_spec: [] };
    const dict = { type: 'builtins.dict', context: '["hidden", "table"]', children_spec: [leaf, leaf] };
    const outputs = ['out', 'x'].map((name) => ({ user_output: { arg: reference(name) } }));
    const got = await jit.load(exportedArchive({ outputs, out_spec: JSON.stringify([1, dict]) }), { inputs: [ids] });
    expect(got.outputs.map(({ name }) => name)).toEqual(['hidden', 'table']);
    const plain = await jit.load(exportedArchive({ outputs, out_spec: 'null' }), { inputs: [ids] });
    expect(plain.outputs.map(({ name }) => name)).toEqual(['0', '1']);
  });
});

function exportedNodes(): readonly object[] {
  return [
    node('embedding.default', [argument('weight', reference('p_table')), argument('indices', reference('ids'))], 'x'),
    node('linear.default', [argument('input', reference('x')), argument('weight', reference('p_weight'))], 'y'),
    node('gelu.default', [argument('self', reference('y')), argument('approximate', { as_string: 'tanh' }, 2)], 'out'),
  ];
}

function byName(): readonly object[] {
  return (exportedNodes() as { inputs: object[] }[]).map((each) => ({
    ...each,
    inputs: each.inputs.map((input) => ({ ...input, kind: undefined })),
  }));
}

const one = (arg: unknown): readonly object[] => [node('neg.default', [argument('self', arg)], 'out')];

test.each<[string, ExportedParts, RegExp]>([
  ['another schema', { schema: { major: 9, minor: 1 } }, /schema_version is 5 to 8, got 9/],
  ['no schema', { schema: null }, /an object under schema_version/],
  ['a compiled program', { others: { 'm/data/aotinductor/model.so': '' } }, /one that was compiled for a machine/],
  [
    'pickled tensors',
    { config: { 'a.table': { path_name: 'weight_0', use_pickle: true }, weight: {} } },
    /plain numbers, got pickled ones/,
  ],
  ['a tensor that is not there', { config: {} }, /the tensor "a\.table" .*got none/],
  [
    'a record that is not there',
    { config: { 'a.table': { path_name: 'weight_9', tensor_meta: { dtype: 7, sizes: [], strides: [] } } } },
    /the record "data\/weights\/weight_9" .*got none/,
  ],
  [
    'a tensor beyond its record',
    { config: { 'a.table': { path_name: 'weight_0', tensor_meta: { dtype: 7, sizes: [{ as_int: 99 }], strides: [{ as_int: 1 }] } } } },
    /within the 24 elements/,
  ],
  [
    'a dtype that is none',
    { config: { 'a.table': { path_name: 'weight_0', tensor_meta: { dtype: 99, sizes: [], strides: [] } } } },
    /a dtype of numbers/,
  ],
  [
    'an output that changes a buffer',
    { outputs: [{ buffer_mutation: { arg: { name: 'out' }, buffer_name: 'b' } }] },
    /changes nothing, got buffer_mutation/,
  ],
  ['an input that is an object', { inputs: [{ custom_obj: { arg: { name: 'o' } } }] }, /got custom_obj/],
  ['an input that is a number', { inputs: [{ user_input: { arg: { as_int: 3 } } }] }, /got an input .*of int/],
  ['an argument of another kind', { nodes: one({ as_wonder: 1 }) }, /an argument of a known kind .*got as_wonder/],
  ['a value that nothing made', { nodes: one(reference('nowhere')) }, /a value that was made before .*got "nowhere"/],
  [
    'an op that is not known',
    { nodes: [node('wonder.default', [argument('self', reference('ids'))], 'out')] },
    /aten::wonder.*models\/model\.json, line 1/s,
  ],
  [
    'an op of others',
    { nodes: [node('torch.ops.mine.wonder.default', [], 'out')] },
    /mine::wonder in models\/model\.json, node 1: expected an op of PyTorch itself/,
  ],
  [
    'a function of Python that is not known',
    { nodes: [node('_operator.wonder', [], 'out')] },
    /_operator\.wonder: expected a function of numbers/,
  ],
])('%s is refused', async (_, parts, words) => expect(traced(parts)).rejects.toThrow(words));
