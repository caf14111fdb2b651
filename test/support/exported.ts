import { Tensor } from '../../src/tensor/tensor.ts';
import { archiveOf } from './pickle.ts';
import { zipOf } from './zip.ts';

const bytesOf = (content: string): Uint8Array => new TextEncoder().encode(content);

export const reference = (name: string) => ({ as_tensor: { name } });
export const argument = (name: string, arg: unknown, kind: number | undefined = 1) => ({ name, arg, ...(kind && { kind }) });

/** A node that makes the tensor `name`. */
export const node = (target: string, inputs: readonly unknown[], name: string, more: object = {}) => ({
  target: target.includes('.ops.') || target.startsWith('_') ? target : `torch.ops.aten.${target}`,
  inputs,
  outputs: [reference(name)],
  metadata: {},
  ...more,
});

const size = (symbol: string, hint: number) => ({ as_expr: { expr_str: symbol, hint: { as_int: hint } } });

const NODES = [
  node('embedding.default', [argument('weight', reference('p_table')), argument('indices', reference('ids'))], 'x'),
  node('linear.default', [argument('input', reference('x')), argument('weight', reference('p_weight'))], 'y'),
  node('gelu.default', [argument('self', reference('y')), argument('approximate', { as_string: 'tanh' }, 2)], 'out'),
];

/** What may stand in the place of parts of a program. */
export interface ExportedParts {
  schema?: unknown;
  nodes?: readonly object[];
  inputs?: readonly object[];
  outputs?: readonly object[];
  /** Dimensions of the ids. */
  sizes?: readonly object[];
  ranges?: object;
  out_spec?: string;
  config?: object;
  /** In the layout of PyTorch before 2.8. */
  flat?: boolean;
  others?: Readonly<Record<string, string>>;
}

const SHAPES: Readonly<Record<string, readonly [number, number]>> = { 'a.table': [6, 4], weight: [4, 4] };

const floats = (name: string): Tensor<'float32'> => {
  const [rows, columns] = SHAPES[name];
  return new Tensor(
    'float32',
    [rows, columns],
    Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i + rows)),
  );
};

const config = Object.fromEntries(
  Object.entries(SHAPES).map(([name, [rows, columns]], i) => {
    const [sizes, strides] = [
      [rows, columns],
      [columns, 1],
    ].map((dims) => dims.map((as_int) => ({ as_int })));
    const tensor_meta = { dtype: 7, sizes, strides, storage_offset: { as_int: 0 } };
    return [name, { path_name: `weight_${i}`, is_param: true, use_pickle: false, tensor_meta }];
  }),
);

/** A program of torch.export: the rows of a table for ids [2, 3], through a linear layer and gelu. */
export function exportedArchive({
  schema = { major: 8, minor: 2 },
  nodes = NODES,
  inputs = [],
  outputs = [{ user_output: { arg: reference('out') } }],
  sizes = [size("Symbol('s0', integer=True)", 2), size('s1', 3)],
  ranges = { s0: { min_val: 1, max_val: 4 }, s1: { min_val: 2, max_val: 9 } },
  out_spec,
  config: said = config,
  flat = false,
  others = {},
}: ExportedParts = {}): Uint8Array {
  const program = {
    schema_version: schema,
    range_constraints: ranges,
    graph_module: {
      graph: { nodes, tensor_values: { ids: { dtype: 5, sizes } } },
      signature: {
        input_specs: [
          { parameter: { arg: { name: 'p_table' }, parameter_name: 'a.table' } },
          { parameter: { arg: { name: 'p_weight' }, parameter_name: 'weight' } },
          { user_input: { arg: reference('ids') } },
          ...inputs,
        ],
        output_specs: outputs,
      },
      ...(out_spec !== undefined && { module_call_graph: [{ fqn: '', signature: { out_spec } }] }),
    },
  };
  const records: [string, Uint8Array][] = flat
    ? [
        ['serialized_exported_program.json', bytesOf(JSON.stringify(program))],
        ['serialized_state_dict.pt', archiveOf(Object.keys(SHAPES).map((name) => [name, floats(name)] as const))],
        ['version', bytesOf('8.2')],
      ]
    : [
        ['m/archive_format', bytesOf('pt2')],
        ['m/models/model.json', bytesOf(JSON.stringify(program))],
        ['m/data/weights/model_weights_config.json', bytesOf(JSON.stringify({ config: said }))],
        ...Object.keys(SHAPES).map((name, i): [string, Uint8Array] => [
          `m/data/weights/weight_${i}`,
          new Uint8Array(floats(name).data.buffer),
        ]),
      ];
  return zipOf(
    [...records, ...Object.entries(others).map(([name, text]) => [name, bytesOf(text)] as const)].map(([name, content]) => ({
      name,
      content,
    })),
  );
}
