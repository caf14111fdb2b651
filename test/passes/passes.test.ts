import { describe, expect, test } from 'vitest';
import { type Graph, verifyGraph } from '../../src/graph/graph.ts';
import { F, type Tensor, tensor } from '../../src/index.ts';
import { record } from '../../src/jit/record.ts';
import type { ForwardResult } from '../../src/nn/outputs.ts';
import { shareCommonSubexpressions } from '../../src/passes/cse.ts';
import { eliminateDeadCode } from '../../src/passes/dce.ts';
import { foldConstants } from '../../src/passes/fold.ts';
import { fuse } from '../../src/passes/fuse.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import { bytesOf, Computed, floats } from '../support/tiny.ts';

const parameter = (...shape: number[]): Parameter => new Parameter(shape, (values) => values.set(floats(shape).data as Float32Array));
const int = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' });

function graphOf(body: (...inputs: Tensor[]) => ForwardResult, ...inputs: Tensor[]): Graph {
  const signature = inputs.map(({ dtype, shape }, i) => ({ name: `${i}`, dtype, shape }));
  return record(new Computed(body), signature, (tensors) => body(...tensors)).graph;
}

function after(pass: (graph: Graph) => Graph, graph: Graph): string[] {
  const result = pass(graph);
  verifyGraph(result);
  return result.nodes.map(({ op, attrs }) => (attrs.activation && attrs.activation !== 'none' ? `${op}+${attrs.activation}` : op));
}

const x = floats([2, 4]);
const w = parameter(4, 4);
const b = parameter(4);

describe('dead code', () => {
  const dce = (body: (x: Tensor) => ForwardResult) => after(eliminateDeadCode, graphOf(body, x));

  test('goes, with what it alone needs', () => {
    expect(
      dce((t) => {
        F.tanh(F.relu(t));
        return F.gelu(t);
      }),
    ).toEqual(['gelu']);
  });

  test('is not what an output reads through a view', () => {
    expect(dce((t) => [F.relu(t).reshape([8]), F.gelu(F.tanh(t).reshape([8]))])).toEqual(['relu', 'tanh', 'gelu']);
  });
});

describe('common subexpressions', () => {
  const cse = (body: (...inputs: Tensor[]) => ForwardResult, ...inputs: Tensor[]) =>
    after(shareCommonSubexpressions, graphOf(body, ...inputs));

  test.each<[string, (t: Tensor) => ForwardResult, string[]]>([
    ['same op and operand', (t) => F.add(F.relu(t), F.relu(t)), ['relu', 'add']],
    ['chains', (t) => F.add(F.tanh(F.relu(t)), F.tanh(F.relu(t))), ['relu', 'tanh', 'add']],
    ['views of one shape', (t) => F.add(F.relu(t.reshape([8])), F.relu(t.reshape([8]))), ['relu', 'add']],
    ['the same parameter', (t) => F.add(F.add(t, b), F.add(t, b)), ['add', 'add']],
    ['other ops', (t) => F.add(F.relu(t), F.tanh(t)), ['relu', 'tanh', 'add']],
    ['other attributes', (t) => F.add(F.scale(t, 2), F.scale(t, 3)), ['scale', 'scale', 'add']],
    ['views of other shapes', (t) => [F.relu(t.reshape([8])), F.relu(t.reshape([4, 2]))], ['relu', 'relu']],
    ['operands exchanged', (t) => [F.add(F.relu(t), t), F.add(t, F.relu(t))], ['relu', 'add', 'add']],
    ['other parameters of equal values', (t) => F.add(F.add(t, b), F.add(t, parameter(4))), ['add', 'add', 'add']],
  ])('%s', (_, body, ops) => {
    expect(cse(body, x)).toEqual(ops);
  });

  test('whole-number constants with equal elements are one, others not', () => {
    const table = parameter(9, 4);
    expect(cse(() => F.add(F.embedding(int(1, 2), table), F.embedding(int(1, 2), table)))).toEqual(['embedding', 'add']);
    expect(cse(() => F.add(F.embedding(int(1, 2), table), F.embedding(int(1, 3), table)))).toEqual(['embedding', 'embedding', 'add']);
    expect(cse(() => [F.embedding(int(1, 2), table), F.embedding(int(1, 2).reshape([2, 1]), table)])).toEqual(['embedding', 'embedding']);
  });
});

describe('folding', () => {
  const fold = (body: (...inputs: Tensor[]) => ForwardResult, ...inputs: Tensor[]) => foldConstants(graphOf(body, ...inputs));

  test('computes what depends on constants alone, with the baseline kernels', () => {
    const graph = fold((t) => F.add(t, F.gelu(F.scale(b, 3))), x);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['add']);
    const { b: constant } = graph.nodes[0].operands;
    expect(constant).toMatchObject({ kind: 'constant', shape: [4] });
    expect(constant?.kind === 'constant' && constant.parts[0].name).toMatch(/^folded\./);
  });

  test('reads constants through views', () => {
    const graph = fold((t) => F.add(t, F.relu(F.scale(w, -1).reshape([2, 8]))), floats([2, 8]));
    const { b: constant } = graph.nodes[0].operands;
    const want = F.relu(F.scale(w, -1));
    expect(constant?.kind === 'constant' && bytesOf(constant.parts[0].tensor).equals(bytesOf(want))).toBe(true);
  });

  test.each<[string, (t: Tensor) => ForwardResult, string[]]>([
    ['what depends on an input', (t) => F.add(F.relu(t), b), ['relu', 'add']],
    ['what would grow', (t) => F.add(t, F.linear(parameter(8, 1), parameter(8, 1))), ['linear', 'add']],
    ['an embedding larger than its table', (t) => F.add(t, F.embedding(int(0, 0, 0, 0), floats([1, 4]))), ['embedding', 'add']],
    [
      'a table of the model, of which it would leave out rows',
      (t) => F.add(t, F.embedding(int(0, 1, 2, 3), parameter(6, 4))),
      ['embedding', 'add'],
    ],
  ])('leaves %s', (_, body, ops) => {
    const size = _ === 'what would grow' ? floats([8, 8]) : floats([4, 4]);
    expect(fold(body, size).nodes.map(({ op }) => op)).toEqual(ops);
  });
});

describe('fusion', () => {
  const fused = (body: (...inputs: Tensor[]) => ForwardResult, ...inputs: Tensor[]) => after(fuse, graphOf(body, ...inputs));
  const [h, table] = [floats([1, 2, 4]), parameter(9, 4)];
  const ids = int(1, 2).reshape([1, 2]);

  test.each<[string, (t: Tensor) => ForwardResult, string[]]>([
    ['x + embedding', (t) => F.add(t, F.embedding(ids, table)), ['embedding_add']],
    ['embedding + x', (t) => F.add(F.embedding(ids, table), t), ['embedding', 'add']],
    [
      'x + an embedding used twice',
      (t) => F.add(F.add(t, F.embedding(ids, table)), F.relu(F.relu(t))),
      ['embedding_add', 'relu', 'relu', 'add'],
    ],
    [
      'an embedding that is an output too',
      (t) => {
        const e = F.embedding(ids, table);
        return [F.add(t, e), e];
      },
      ['embedding', 'add'],
    ],
    ['x + an embedding of another shape', (t) => F.add(t, F.embedding(int(1, 2), table)), ['embedding', 'add']],
    ['an activation of a product', (t) => F.gelu(F.linear(t, w, b)), ['linear+gelu']],
    ['an activation of a product without bias', (t) => F.tanh(F.linear(t, w)), ['linear+tanh']],
    ['two activations', (t) => F.relu(F.gelu(F.linear(t, w, b))), ['linear+gelu', 'relu']],
    ['an activation of a view', (t) => F.gelu(F.linear(t, w, b).reshape([2, 4])), ['linear', 'gelu']],
    ['another op than an activation', (t) => F.softmax(F.linear(t, w, b)), ['linear', 'softmax']],
    [
      'a product that is used twice',
      (t) => {
        const y = F.linear(t, w, b);
        return F.add(F.gelu(y), y);
      },
      ['linear', 'gelu', 'add'],
    ],
    ['a norm of a sum', (t) => F.layer_norm(F.add(F.relu(t), t), b, b), ['relu', 'add_layer_norm']],
    ['a norm of a sum with a row', (t) => F.layer_norm(F.add(t, b), b, b), ['add', 'layer_norm']],
    [
      'a sum that is an output too',
      (t) => {
        const sum = F.add(F.relu(t), t);
        return [F.layer_norm(sum, b, b), sum];
      },
      ['relu', 'add', 'layer_norm'],
    ],
    ['a norm of a product', (t) => F.layer_norm(F.mul(t, t), b, b), ['mul', 'layer_norm']],
  ])('%s', (_, body, ops) => {
    expect(fused(body, h)).toEqual(ops);
  });

  const [wk, wv, bk, bv, wide] = [parameter(4, 4), parameter(4, 4), parameter(4), parameter(4), parameter(4, 6)];
  const thrice = parameter(12, 4);
  const attend = (q: Tensor, k: Tensor, v: Tensor) => F.attention(q, k, v, { heads: 2 });
  const apart = ['linear', 'linear', 'linear', 'attention'];

  test.each<[string, (t: Tensor, other: Tensor) => ForwardResult, string[]]>([
    ['with biases', (t) => attend(F.linear(t, w, b), F.linear(t, wk, bk), F.linear(t, wv, bv)), ['linear', 'attention_qkv']],
    ['without biases', (t) => attend(F.linear(t, w), F.linear(t, wk), F.linear(t, wv)), ['linear', 'attention_qkv']],
    [
      'of thirds of one product',
      (t) => {
        const x = F.linear(t, thrice);
        const [q, k, v] = [0, 4, 8].map((from) => F.narrow(x, 2, from, 4));
        return attend(q, k, v);
      },
      ['linear', 'attention_qkv'],
    ],
    [
      'of thirds in another order',
      (t) => {
        const x = F.linear(t, thrice);
        const [q, k, v] = [4, 0, 8].map((from) => F.narrow(x, 2, from, 4));
        return attend(q, k, v);
      },
      ['linear', 'columns', 'columns', 'columns', 'attention'],
    ],
    ['with some biases', (t) => attend(F.linear(t, w, b), F.linear(t, wk), F.linear(t, wv, bv)), apart],
    ['of other inputs', (t, o) => attend(F.linear(t, w, b), F.linear(o, wk, bk), F.linear(o, wv, bv)), apart],
    [
      'of inputs of other widths',
      (t) => attend(F.linear(t, w, b), F.linear(F.cat([t, F.slice(t, 2, 0, 2)], 2), wide, bk), F.linear(t, wv, bv)),
      ['linear', 'columns', 'concat', 'linear', 'linear', 'attention'],
    ],
    ['where queries are keys', (t) => ((q) => attend(q, q, F.linear(t, wv, bv)))(F.linear(t, w, b)), ['linear', 'linear', 'attention']],
    [
      'where keys are also an output',
      (t) => ((k) => [attend(F.linear(t, w, b), k, F.linear(t, wv, bv)), k])(F.linear(t, wk, bk)),
      ['linear', 'linear', 'linear', 'attention'],
    ],
    [
      'where one has an activation',
      (t) => attend(F.gelu(F.linear(t, w, b)), F.linear(t, wk, bk), F.linear(t, wv, bv)),
      ['linear+gelu', 'linear', 'linear', 'attention'],
    ],
  ])('attention over three products %s', (_, body, ops) => {
    expect(fused(body, h, floats([1, 2, 4], 2)).toSorted()).toEqual(ops.toSorted());
  });

  test('stacks weights and biases in order and names the module around them', () => {
    const graph = fuse(graphOf((t) => attend(F.linear(t, w, b), F.linear(t, wk, bk), F.linear(t, wv, bv)), h));
    const { weight, bias } = graph.nodes[0].operands;
    expect(weight?.kind === 'constant' && weight.parts.map(({ tensor: part }) => part)).toEqual([w, wk, wv]);
    expect(bias?.kind === 'constant' && bias.parts.map(({ tensor: part }) => part)).toEqual([b, bk, bv]);
    expect(weight?.shape).toEqual([12, 4]);
  });
});
