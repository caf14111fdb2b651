import { describe, expect, test } from 'vitest';
import { parseJson } from '../../src/base/json.ts';
import { nearest } from '../../src/base/nearest.ts';
import { BertModel, Tensor } from '../../src/index.ts';
import type { PreTrainedModel } from '../../src/models/pretrained.ts';
import { assignWeights } from '../../src/models/weights.ts';
import { sharedTables, type WeightUse } from '../../src/quantize/weights.ts';
import { readSentenceFiles } from '../../src/sentence/config.ts';
import { readEntry } from '../../src/sentence/modules.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import { floats, problem } from '../support/tiny.ts';

/** Sizes at which looking at each with each, or going back and forth, would take hours, and more arguments than a call may have. */
describe('a file', () => {
  test('with a string of any length beside a NaN is read', () => {
    const text = '\\n'.repeat(5_000_000);
    expect(parseJson(`{"a": [NaN, -Infinity], "b": "${text}\\"NaN", "NaN": "c"}`, 'x.json')).toEqual({
      a: [Number.NaN, Number.NEGATIVE_INFINITY],
      b: `${JSON.parse(`"${text}"`)}"NaN`,
      NaN: 'c',
    });
    expect(() => parseJson(`{"a": NaN, "b": "${text}\\`, 'x.json')).toThrow(/^x.json: expected JSON/);
  });

  test('of modules may name a path of any length', () => {
    const entry = (path: string) => readEntry({ type: 'sentence_transformers.models.Dense', path }, 1, 'modules.json');
    const slashes = '/'.repeat(5_000_000);
    expect(entry(`a${slashes}b${slashes}`).path).toBe(`a${slashes}b`);
  });

  test('of modules that cannot be in their order has no other file read', async () => {
    const modules = ['Transformer', 'Pooling', ...Array(100_000).fill('Normalize'), 'Transformer'];
    const asked: string[] = [];
    const text = JSON.stringify(modules.map((type) => ({ type: `sentence_transformers.models.${type}` })));
    const read = async (name: string) => {
      asked.push(name);
      return name === 'modules.json' ? text : undefined;
    };
    const { message } = await problem('config', () => readSentenceFiles(read));
    expect(message).toMatch(/^modules.json: expected a Transformer first, and one Pooling behind it, got Transformer, Pooling, Normalize/);
    expect(asked).toEqual(['modules.json']);
  });

  test('of many names has the nearest of them found', () => {
    const names = Array.from({ length: 200_000 }, (_, i) => `n${i}`);
    expect(nearest('n19999_', names)).toBe('n19999');
  });

  test('of many tensors that the model does without is judged by their names', () => {
    const [few, many] = [30_000, 300_000];
    const parameters = new Map(Array.from({ length: few }, (_, i) => [`encoder.${i}`, new Parameter([1], () => {})]));
    const model = { state_dict: () => parameters, tied: () => [], family: BertModel.family } as unknown as PreTrainedModel;
    const one = floats([1]);
    const names = [...parameters.keys(), ...Array.from({ length: many }, (_, i) => `pooler.${i}`)];
    const checkpoint = { name: 'x', tensors: new Map(names.map((name) => [name, one])), metadata: {} };
    const warnings: string[] = [];
    assignWeights(model, checkpoint, { strict: true, onwarn: (message) => warnings.push(String(message)) });
    expect([warnings, parameters.get('encoder.29999')?.data[0]]).toEqual([[], one.data[0]]);
  });

  test('of many tables and weights has those found that are the same', () => {
    const MANY = 20_000;
    const target = (op: WeightUse['op'], name: string, last: number): [string, WeightUse] => {
      const values = new Float32Array(1024).fill(last, 1023);
      const part = { name, tensor: new Tensor('float32', [1024, 1], values) };
      return [name, { op, name, nodes: [], constant: { kind: 'constant', dtype: 'float32', shape: [1024, 1], parts: [part] } }];
    };
    const each = (op: WeightUse['op'], from: number) => Array.from({ length: MANY }, (_, i) => target(op, `${op}.${from + i}`, from + i));
    const targets = new Map([...each('embedding', 0), ...each('linear', MANY - 2), target('linear', 'again', MANY - 1)]);
    expect([...sharedTables(targets)]).toEqual([MANY - 2, MANY - 1].flatMap((i) => [`embedding.${i}`, `linear.${i}`]));
  });
});
