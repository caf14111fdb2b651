import { expect, test } from 'vitest';
import { F, jit, ones, type Tensor } from '../../src/index.ts';
import { evaluate } from '../../src/jit/check.ts';
import { compile } from '../../src/jit/compile.ts';
import { record } from '../../src/jit/record.ts';
import { Block, Computed, expectSameBits, fileOf, floats, problem, tinyBert } from '../support/tiny.ts';

const PASSES = { fusion: true, compaction: true };
const recorded = (model: Block | Computed, inputs: Record<string, Tensor>) => {
  const signature = Object.entries(inputs).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  return record(model, signature, (tensors) => (model as (...tensors: Tensor[]) => Tensor)(...tensors));
};

test('a graph from anywhere becomes the trace that its model becomes', async () => {
  const model = new Block();
  const inputs = { input_0: floats([2, 6]) };
  const { graph, structure } = recorded(model, inputs);
  const compiled = await compile(graph, inputs, { structure, files: new Map(), passes: PASSES });
  expect(Buffer.compare(await fileOf(compiled), await fileOf(await jit.trace(model, inputs)))).toBe(0);
});

test('and leaves padding out, at the sizes that it has', async () => {
  const bert = tinyBert();
  const inputs = { input_ids: ones([2, 5], { dtype: 'int32' }), attention_mask: ones([2, 5], { dtype: 'int32' }) };
  const signature = Object.entries(inputs).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const { graph, structure } = record(bert, signature, ([ids, mask]) => bert(ids, undefined, mask));
  const compiled = await compile(graph, inputs, { structure, files: new Map(), passes: PASSES });
  const traced = await jit.trace(bert, inputs);
  expect(compiled.code).toBe(traced.code);
  for (const [i, { tensor }] of compiled.golden.outputs.entries()) expectSameBits(tensor, traced.golden.outputs[i].tensor);
});

test('without passes every op stays what it is', async () => {
  const inputs = { x: floats([2, 6]) };
  const model = new Computed((x) => F.relu(F.add(F.relu(x), F.relu(x))));
  const { graph, structure } = recorded(model, inputs);
  const plain = await compile(graph, inputs, { structure, files: new Map() });
  const better = await compile(graph, inputs, { structure, files: new Map(), passes: PASSES });
  expect([plain, better].map((traced) => traced.plan().instructions.length)).toEqual([4, 3]);
});

test('is refused where it does not answer what is expected of it', async () => {
  const inputs = { x: floats([2, 6]) };
  const { graph, structure } = recorded(new Computed((x) => F.relu(x)), inputs);
  const answered = (given: Record<string, Tensor>) => {
    const values = evaluate(graph, given);
    return graph.outputs.map(({ name, value }) => ({ name, tensor: values.get(value) as Tensor }));
  };
  const compiling = (answer: typeof answered) =>
    compile(graph, inputs, { structure, files: new Map(), passes: PASSES, expected: { answer, more: [{ x: floats([2, 6], 2) }] } });
  await compiling(answered);
  await problem('tracing_check', () => compiling((given) => answered(given === inputs ? given : inputs)));
});
