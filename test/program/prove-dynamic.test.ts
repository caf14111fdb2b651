import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ErrorCode, F, jit, ones, type Tensor, type TracedModule, TraceletError } from '../../src/index.ts';
import { altered, type Loose, type Parts, seal, set, takeApart } from '../support/malformed_trace.ts';
import { expectSameBits, fileOf, problem, slicingBert } from '../support/tiny.ts';

const inputsAt = (batch: number, sequence: number, padding = 0): Record<string, Tensor> => {
  const attention_mask = ones([batch, sequence], { dtype: 'int32' });
  (attention_mask.data as Int32Array).fill(0, attention_mask.size - padding);
  return { input_ids: ones([batch, sequence], { dtype: 'int32' }), attention_mask };
};

const file = await fileOf(
  await jit.trace(slicingBert({ output_attentions: true }), inputsAt(2, 5), { dynamic: { batch: [1, 6], sequence: [1, 12] } }),
);
const whole = takeApart(file);
const hostValues = (rule: string) => whole.program.hostValues.findIndex((item: Loose) => item.rule === rule);
const symbolic = whole.program.values.findIndex(({ dims }: Loose) => dims?.length === 2 && dims[1] === 16);
const constant = whole.program.values.findIndex(({ place }: Loose) => 'constant' in place);

type Case = [string, (parts: Parts) => void, RegExp, ErrorCode?];

describe('a dynamic program is refused', () => {
  test.each<Case>([
    ['without symbols', ({ program }) => void delete program.symbols, /symbols: expected an object/],
    ['with bounds that are none', set('symbols.batch', [1]), /symbols: batch: expected the least and the largest size/],
    ['with bounds from 0', set('symbols.batch', [0, 4]), /symbols: batch/],
    [
      'with bounds that the dummies are out of',
      set('symbols.batch', [3, 4]),
      /symbol batch: expected a dimension of an input from 3 to 4, got 2/,
    ],
    ['with bounds below the dummies', set('symbols.batch', [1, 1]), /symbol batch: expected a dimension of an input from 1 to 1, got 2/],
    ['with a symbol that no input has', set('symbols.width', [1, 4]), /symbol width: expected a dimension of an input/],
    ['with a symbol called tokens', set('symbols.tokens', [1, 4]), /symbols: tokens/],
    [
      'with an input as long as there are rows',
      set(`values.${whole.program.inputs[0].value}.dims`, [[[1, 'batch']], [[1, 'tokens']]]),
      /inputs: expected dimensions other than tokens, got tokens/,
    ],
    [
      'with dimensions of a constant',
      set(`values.${constant}.dims`, whole.program.values[constant].shape),
      /value \d+: expected \d dimensions/,
    ],
    ['with dimensions that are no list', set(`values.${symbolic}.dims`, 3), /dims|list of dimensions/],
    ['with a symbol unknown', set(`values.${symbolic}.dims`, [[[1, 'width']], 16]), /a whole number or products of/],
    ['with a fraction', set(`values.${symbolic}.dims`, [[[0.5, 'tokens']], 16]), /a whole number or products of/],
    ['with dimensions too few', set(`values.${symbolic}.dims`, [[[1, 'tokens']]]), /expected 2 dimensions/],
    [
      'with dimensions of other dummies',
      set(`values.${symbolic}.dims`, [[[2, 'tokens']], 16]),
      /dimension 0: expected 10, got 2·tokens = 20/,
    ],
    ['with a word of another number', set('words.0.dim', [[3, 'batch']]), /word \d+: expected 2, got 3·batch = 6/],
    ['with a word that is no attribute', set('words.0', { word: 2, dim: [[1, 'batch']] }), /word 2: expected|the same number at all sizes/],
    ['with a rule unknown', set('hostValues.0.rule', 'middles'), /hostValues\[0\]\.rule: expected one of starts/],
    ['with a grid too small', set('hostValues.0.grid', [2]), /a batch and a sequence/],
    ['with masked that is no boolean', set('hostValues.0.masked', 1), /masked: expected true or false/],
    ['with ids of no input', set(`hostValues.${hostValues('kept')}.input`, 'ids'), /expected an int32 input, got "ids"/],
    [
      'with an input that is none where the rule takes none',
      set(`hostValues.${hostValues('starts')}.input`, 'ids'),
      /expected no input, got "ids"/,
    ],
    ['with nothing to repeat', set(`hostValues.${hostValues('fill')}.fill`, undefined), /\(fill\): expected a number, got undefined/],
    ['with a number that no rule repeats', set(`hostValues.${hostValues('starts')}.fill`, 1), /\(starts\): expected no fill, got 1/],
    ['with ids of no name', set(`hostValues.${hostValues('kept')}.input`, undefined), /expected an int32 input, got undefined/],
    ['with ids of floats', set(`values.${whole.program.inputs[0].value}.dtype`, 'float32'), /expected an int32 input, got "input_ids"/],
    ['with a mask of floats', set(`values.${whole.program.inputs[1].value}.dtype`, 'float32'), /expected an int32 input attention_mask/],
    [
      'with host values in the place of an input',
      ({ program }) => {
        program.values[program.hostValues[hostValues('places')].value].place = { view: program.inputs[0].value };
      },
      /\(places\): expected an int32 value in the arena/,
    ],
    [
      'with a word that a shape says',
      ({ program, code }) => {
        program.words.push({ word: code.indexOf(10), dim: [[1, 'tokens']] });
      },
      /rows: expected the same number at all sizes, got tokens/,
    ],
    ['with host values in one place', set('hostValues.1.value', whole.program.hostValues[0].value), /values of their own/],
    ['with host values beyond all', set('hostValues.0.value', 999), /an int32 value in the arena/],
    ['without the mask', set('inputs.1.name', 'mask'), /an int32 input attention_mask|expected one of/],
    [
      'with starts for other sequences',
      set(`hostValues.${hostValues('starts')}.rule`, 'places'),
      /host value places: expected 10 elements/,
    ],
    [
      'with a number that its table does not have',
      set(`hostValues.${hostValues('fill')}.fill`, 2),
      /host value fill: expected 10 elements below 2/,
    ],
  ])('%s', async (_, change, message) => {
    const error = await problem('format', () => jit.load(altered(file, change)));
    expect(error.message).toMatch(message);
  });

  test('but not for bounds that end with the dummies', async () => {
    const loaded = await jit.load(altered(file, set('symbols', { batch: [2, 2], sequence: [5, 5] })));
    expectSameBits(loaded(inputsAt(2, 5)), (await jit.load(file))(inputsAt(2, 5)));
    for (const [batch, sequence] of [[1, 5], [3, 5], [2, 4], [2, 6]]) await problem('shape', () => loaded(inputsAt(batch, sequence))); // biome-ignore format: one row
  });

  test('where the mask is larger than the tokens that it rules out', async () => {
    const { value } = whole.program.inputs[1];
    const wide = [[[1, 'batch']], [[1, 'sequence'], [4]]];
    await problem('format', () => jit.load(altered(file, set(`values.${value}.dims`, wide))));
    const change = (parts: Parts): void => {
      parts.program.values[value].dims = [[[1, 'batch']], [[2, 'sequence'], [-5]]];
    };
    const loaded = await jit.load(altered(file, change));
    const longer = { input_ids: inputsAt(2, 6).input_ids, attention_mask: inputsAt(2, 7).attention_mask };
    expect((await problem('format', () => loaded(longer))).message).toMatch(/^trace: /);
  });

  test('where the mask lets through fewer tokens than there are, but some behind the last', async () => {
    const made = await fileOf(await jit.trace(slicingBert(), inputsAt(2, 5), { dynamic: { sequence: [1, 12] } }));
    const { value } = takeApart(made).program.inputs[1];
    const loaded = await jit.load(altered(made, set(`values.${value}.dims`, [2, [[2, 'sequence'], [-5]]])));
    const { attention_mask } = inputsAt(2, 7);
    (attention_mask.data as Int32Array).fill(0, 0, 6);
    const { message } = await problem('format', () => loaded({ input_ids: inputsAt(2, 6).input_ids, attention_mask }));
    expect(message).toMatch(/^trace: host value \w+: expected 8 elements/);
  });

  test('where what the host writes has other elements than there are tokens, though nothing reads it', async () => {
    const body = (ids: Tensor) => ({ places: F.positions(ids), rows: F.embedding(ids, ones(9, 2)) });
    const made = await fileOf(await jit.trace(body, [ones([1, 3], { dtype: 'int32' })], { dynamic: { sequence: [1, 6] } }));
    const { value } = takeApart(made).program.hostValues[0];
    for (const dim of [3, [[2, 'sequence'], [-3]]]) {
      const loaded = await jit.load<Tensor[]>(altered(made, set(`values.${value}.dims`, [1, dim])));
      loaded(ones([1, 3], { dtype: 'int32' }));
      expect((await problem('format', () => loaded(ones([1, 4], { dtype: 'int32' })))).message).toMatch(
        /^trace: host value places: expected 4 elements/,
      );
    }
  });

  test('where there are more ids, or fewer, than tokens that the mask tells of', async () => {
    const { value } = whole.program.inputs[0];
    const loaded = await jit.load(altered(file, set(`values.${value}.dims`, [[[1, 'batch']], [[2, 'sequence'], [-5]]])));
    loaded(inputsAt(2, 5));
    for (const [ids, mask] of [[9, 7], [3, 4]]) // biome-ignore format: one row
      expect(
        (await problem('format', () => loaded({ input_ids: inputsAt(2, ids).input_ids, attention_mask: inputsAt(2, mask).attention_mask })))
          .message,
      ).toMatch(/^trace: host value kept: /);
  });

  test('where a result is written twice', async () => {
    const change = ({ program, code }: Parts): void => {
      program.hostValues[0].value = code[1];
    };
    await problem('format', () => jit.load(altered(file, change)));
  });

  test('at sizes for which positions are beyond their table', async () => {
    const loaded = await jit.load(altered(file, set(`hostValues.${hostValues('places')}.grid`, [1, [[1, 'batch', 'sequence']]])));
    loaded(inputsAt(2, 5));
    expect((await problem('format', () => loaded(inputsAt(2, 7)))).message).toMatch(/host value places: expected 14 elements below 12/);
  });

  test('at sizes for which sequences end behind the rows that there are', async () => {
    const loaded = await jit.load(altered(file, set(`hostValues.${hostValues('starts')}.masked`, false)));
    loaded(inputsAt(2, 5));
    expect((await problem('format', () => loaded(inputsAt(2, 5, 1)))).message).toMatch(/host value starts: expected 3 elements below 10/);
  });

  test('at sizes for which a view has other elements than what it shows, or a dimension is below 0', async () => {
    const view = whole.program.values.findIndex(({ place, dims }: Loose) => 'view' in place && dims?.length === 2);
    const loaded = await jit.load(altered(file, set(`values.${view}.dims`, [[[1, 'sequence'], [-3]], 16])));
    expectSameBits(loaded(inputsAt(2, 5)), (await jit.load(file))(inputsAt(2, 5)));
    for (const [sequence, message] of [
      [6, /^trace: a view: expected 32 elements, got float32 \[3,16\]/],
      [2, /^trace: a value: expected dimensions from 0 on, got float32 \[-1,16\]/],
    ] as const)
      expect((await problem('format', () => loaded(inputsAt(2, sequence)))).message).toMatch(message);
  });

  test('at sizes for which its shapes do not fit, while those of the dummies do', async () => {
    const sum = [[1, 'batch'], [3, 'sequence'], [-7]];
    const loaded = await jit.load(altered(file, set(`values.${symbolic}.dims`, [sum, 16])));
    expectSameBits(loaded(inputsAt(2, 5)), (await jit.load(file))(inputsAt(2, 5)));
    expect((await problem('format', () => loaded(inputsAt(1, 7)))).message).toMatch(/trace: .*expected \[7,16\], got float32 \[15,16\]/);
  });
});

const weightsOf = ({ instance: { constants } }: TracedModule): Buffer => Buffer.from(constants.copied());

test('numbers changed at random are refused when loading or binding, or leave the weights as they are', async () => {
  const sizes = [
    [2, 5, 0],
    [1, 1, 0],
    [6, 12, 30],
    [3, 7, 2],
  ];
  const leaves: { at: Loose; key: string | number }[] = [];
  const visit = (node: Loose): void => {
    for (const key of Object.keys(node)) {
      if (typeof node[key] === 'object' && node[key]) visit(node[key]);
      else leaves.push({ at: node, key });
    }
  };
  const parts = takeApart(file);
  for (const part of [parts.program.hostValues, parts.program.words, parts.program.symbols]) visit(part);
  for (const { dims } of parts.program.values) if (dims) visit(dims);
  let [refused, accepted] = [0, 0];
  const change = fc.record({
    leaf: fc.nat(leaves.length - 1),
    to: fc.oneof(fc.integer({ min: -3, max: 20 }), fc.constantFrom('batch', 'sequence', 'tokens', 'starts', 'index', true, false, null)),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ leaf, to }) => {
      const { at, key } = leaves[leaf];
      const before = at[key];
      at[key] = to;
      try {
        const made = await jit.load(seal({ ...parts, tensors: new Map(parts.tensors) }));
        const weights = weightsOf(made);
        for (const [batch, sequence, padding] of sizes) made(inputsAt(batch, sequence, padding));
        expect(weightsOf(made).equals(weights)).toBe(true);
        accepted++;
      } catch (error) {
        expect(error).toBeInstanceOf(TraceletError);
        refused++;
      } finally {
        at[key] = before;
      }
    }),
    { numRuns: 600 },
  );
  expect(refused).toBeGreaterThan(200);
  expect(accepted).toBeGreaterThan(5);
});
