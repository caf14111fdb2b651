import { expect, test } from 'vitest';
import { BertForMaskedLM, jit, nn, SentenceEmbedder, type Tensor, tensor } from '../../src/index.ts';
import { Block, expectSameBits, floats, problem, tinyBert, tinyConfig } from '../support/tiny.ts';

const model = tinyBert();
const input_ids = tensor([[1, 2, 3, 4]]);
const traced = await jit.trace(model, [input_ids]);

test('a trace refuses training, with the reason', async () => {
  const error = await problem('training', () => traced.train());
  expect(error.message).toMatch(/untied, rearranged and constant.*de-synchronise/);
  expect(traced.eval()).toBe(traced);
  expect(traced.training).toBe(false);
  traced(input_ids);
});

test('an untied model refuses training, with the reason', async () => {
  const untied = new BertForMaskedLM(tinyConfig({ torchscript: true }));
  const error = await problem('training', () => untied.train());
  expect(error.message).toMatch(/torchscript: true.*untied.*de-synchronise/);
  expect(untied.training).toBe(false);
});

test.each<[string, () => nn.Module<Tensor[], unknown>, Tensor]>([
  ['a model', () => tinyBert() as never, input_ids],
  ['an embedder', () => new SentenceEmbedder(tinyConfig()) as never, input_ids],
  ['a module', () => new Block() as never, floats([2, 6])],
])('%s in training refuses calls until eval()', async (_, make, input) => {
  const module = make();
  const before = module(input);
  expect(module.train()).toBe(module);
  expect([...module.named_modules()].every(([, part]) => part.training)).toBe(true);
  const error = await problem('training', () => module(input));
  expect(error.message).toMatch(/Call eval\(\) first/);
  expect(module.eval().training).toBe(false);
  expectSameBits(module(input), before);
});

test('modules start in evaluation mode', () => {
  expect(new nn.Linear(2, 2).training).toBe(false);
  expect([...model.named_modules()].some(([, part]) => part.training)).toBe(false);
});
