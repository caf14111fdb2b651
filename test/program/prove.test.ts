import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ErrorCode, F, jit, TraceletError, tensor } from '../../src/index.ts';
import { wordsOf } from '../../src/ops/op.ts';
import { OPS } from '../../src/ops/table.ts';
import { type Instruction, prove } from '../../src/program/prove.ts';
import { quantize } from '../../src/quantize/index.ts';
import { altered, type Parts, programOf, seal, set, takeApart } from '../support/malformed_trace.ts';
import { expectSameBits, fileOf, floats, problem, slicingBert } from '../support/tiny.ts';

let file: Uint8Array;

beforeAll(async () => {
  const inputs = { input_ids: tensor([[1, 2, 3, 4, 5]]), attention_mask: tensor([[1, 1, 1, 1, 0]]) };
  file = await fileOf(await jit.trace(slicingBert(), inputs, { exact_padding: true }));
});

test('a trace taken apart and sealed again is the same file', async () => {
  expect(Buffer.from(seal(takeApart(file))).equals(Buffer.from(file))).toBe(true);
});

const word =
  (at: number, value: number) =>
  ({ code }: Parts): void => {
    code[at] = value;
  };
const poison = { toString: 1, valueOf: 1 };
const symbols = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`s${i}`, [1, 2]]));
const DEEP = `${'['.repeat(20000)}${']'.repeat(20000)}`;

type Case = [string, (parts: Parts) => void, RegExp, ErrorCode?];

async function expectRefused(change: (parts: Parts) => void, message: RegExp, code: ErrorCode = 'format'): Promise<void> {
  const error = await problem(code, () => jit.load(altered(file, change)));
  expect(error.message).toMatch(message);
}

describe('the form of a program', () => {
  test.each(['', 'null', '[]', '{', '"x"', '3'])('%s is none', async (json) => {
    const error = await problem('format', () => jit.load(seal(takeApart(file), json)));
    expect(error.message).toMatch(/^trace: program: expected (JSON|an object)/);
  });

  test.each<Case>([
    ['ops no list', set('ops', 'linear'), /ops: expected a list, got "linear"/],
    ['an op no text', set('ops.0', 3), /ops\[0\]: expected a string, got 3/],
    ['values no list', set('values', {}), /values: expected a list/],
    ['a value null', set('values.0', null), /values\[0\]: expected an object, got null/],
    ['a dtype unknown', set('values.0.dtype', 'int3'), /values\[0\]\.dtype: expected one of float64.*got "int3"/],
    ['a dtype inherited', set('values.0.dtype', 'constructor'), /got "constructor"/],
    ['a dtype that throws', set('values.0.dtype', poison), /values\[0\]\.dtype/],
    ['a shape no list', set('values.0.shape', 5), /values\[0\]\.shape: expected a list, got 5/],
    ['a dimension negative', set('values.0.shape.0', -1), /a whole number, got -1/],
    ['a dimension fractional', set('values.0.shape.0', 1.5), /a whole number, got 1\.5/],
    ['a dimension of text', set('values.0.shape.0', '1'), /a whole number, got "1"/],
    ['a shape too large', set('values.0.shape', [2 ** 20, 2 ** 20]), /at most 2³¹ elements/],
    ['a shape beyond numbers', set('values.0.shape', Array(40).fill(2 ** 53 - 1)), /at most 2³¹ elements/],
    ['no place', set('values.0.place', null), /values\[0\]\.place: expected arena, constant or view/],
    ['two places', set('values.0.place', { arena: 0, view: 1 }), /expected arena, constant or view/],
    ['an unknown place', set('values.0.place', { heap: 0 }), /expected arena, constant or view, got heap/],
    ['a place negative', set('values.0.place', { arena: -16 }), /a whole number, got -16/],
    ['a constant null', set('constants.0', null), /constants\[0\]: expected an object, got null/],
    ['a layout unknown', set('constants.0.layout', 'tiled'), /constants\[0\]\.layout: expected plain or panels, got "tiled"/],
    ['a layout that throws', set('constants.0.layout', poison), /plain or panels/],
    ['no parts', set('constants.0.parts', []), /at least one tensor name/],
    ['an input null', set('inputs.0', null), /inputs\[0\]: expected a name and a value/],
    ['an input without a name', set('inputs.0.name', 3), /inputs\[0\]\.name: expected a string/],
    ['an output value fractional', set('outputs.0.value', 0.5), /outputs\[0\]\.value: expected a whole number/],
    ['a path no text', set('paths.0', null), /paths\[0\]: expected a string/],
    ['an arena fractional', set('arena', 0.5), /arena: expected a whole number/],
    ['an arena of text', set('arena', '64'), /arena: expected a whole number/],
    ['a structure unknown', set('structure', 'object'), /structure: expected tensor or tuple, got "object"/],
    ['a structure that throws', set('structure', poison), /structure: expected tensor or tuple/],
    ['a shape of as many elements as may be', set('values.0.shape', [2 ** 31]), /embedding rows: expected 2147483648, got 5/],
    [
      'a shape of one element more',
      set('values.0.shape', [2 ** 31 + 1]),
      /values\[0\]\.shape: expected at most 2³¹ elements, got \[2147483649\]/,
    ],
    ['a word null', set('words', [null]), /words\[0\]: expected a word and a dimension, got null/],
    ['a word without a place', set('words', [{ dim: 1 }]), /words\[0\]: expected a whole number, got undefined/],
    ['a word without a dimension', set('words', [{ word: 1 }]), /words\[0\]: expected a whole number or products of tokens, got undefined/],
    ['a host value null', set('hostValues', [null]), /hostValues\[0\]: expected an object, got null/],
    ['symbols that are a list', set('symbols', []), /symbols: expected an object/],
    ['symbols too many', set('symbols', symbols(9)), /symbols: expected at most 8, got 9/],
    ['symbols as many as may be', set('symbols', symbols(8)), /symbol s0: expected a dimension of an input from 1 to 2, got undefined/],
  ])('%s', async (_, change, message, code) => {
    await expectRefused(change, message, code);
  });
});

test.each([
  ['a place', set('values.0.place', '@'), /values\[0\]\.place: expected arena/],
  ['parts', set('constants.0.parts', ['@']), /constants\[0\]\.parts: expected a string/],
])('%s nested deeply', async (_, change, message) => {
  const parts = takeApart(file);
  change(parts);
  const error = await problem('format', () => jit.load(seal(parts, JSON.stringify(parts.program).replace('"@"', DEEP))));
  expect(error.message).toMatch(message);
});

describe('the sense of a program', () => {
  test.each<Case>([
    ['an op unknown', set('ops.4', 'fourier'), /op "fourier": expected one of.*newer tracelet/, 'op'],
    ['an op of Object', set('ops.4', 'toString'), /op "toString"/, 'op'],
    ['an op beyond the names', word(0, 99), /instruction 0 \(word 0\): expected an op from 0 to 8, got 99/],
    ['an op negative', word(0, -1), /expected an op from 0 to 8, got -1/],
    ['a last instruction cut short', ({ code }) => void code.pop(), /expected 8 words for linear, got 7/],
    ['words behind the last', ({ code }) => void code.push(0), /instruction 13 .*expected 6 words for embedding, got 0/],
    ['no code', ({ code }) => void code.splice(0), /paths: expected 0 of them, got 13/],
    ['an operand beyond the values', word(2, 99), /embedding ids: expected one of 38 values, got 99/],
    ['an operand negative', word(2, -2), /embedding ids: expected one of 38 values, got -2/],
    ['an operand left out that is needed', word(2, -1), /embedding ids: expected one of 38 values, got -1/],
    ['an operand of another dtype', word(2, 3), /embedding: operand "ids": expected int32, got float32/, 'dtype'],
    ['operands that do not fit', word(26, 9), /layer_norm: expected weight and bias of shape \[16\]/, 'shape'],
    ['a dimension wrong', word(4, 6), /embedding rows: expected 5, got 6/],
    ['a bound wrong', word(6, 41), /embedding vocab: expected 40, got 41/],
    ['heads that do not divide', word(48, 3), /heads that divide the hidden size/, 'shape'],
    ['heads negative', word(48, -2), /operand "heads": expected a whole number, got -2/, 'value'],
    ['a number not finite', word(30, 0x7f800000), /operand "eps": expected a finite number, got Infinity/, 'value'],
    ['an activation that is none', word(74, 0), /operand "activation".*got "embedding"/, 'value'],
    ['an activation beyond the ops', word(74, 77), /operand "activation".*got "77"/, 'value'],
    ['a weight not in panels', word(34, 3), /linear weight: expected a value that lies in panels, got one that lies as it is/],
    ['a table in panels', word(3, 14), /embedding table: expected a value that lies as it is, got one that lies in panels/],
    [
      'a weight in panels behind a view',
      ({ program, code }) => {
        program.values.push({ dtype: 'float32', shape: [48, 16], place: { view: 14 } });
        code[3] = 38;
        code[6] = 48;
      },
      /value 38: expected a view of plain float32 \[48,16\]/,
    ],
    ['a result in a constant', word(1, 3), /embedding out: expected a value in the arena/],
    ['a result of another shape', word(1, 13), /embedding out: expected float32 \[1,5,16\], got float32 \[1,5,48\]/],
    ['a result of another dtype alone', set('values.2.dtype', 'int32'), /embedding out: expected float32 \[1,5,16\], got int32 \[1,5,16\]/],
    ['a result in place of an input', word(1, 0), /embedding out: expected float32 \[1,5,16\], got int32/],
    ['two results in one value', word(8, 2), /results: expected each of them written once, got one written twice/],
    ['strides beyond the operand', word(99, 66), /strided: expected elements within \[1,5,16\]/, 'shape'],
    ['too few paths', ({ program }) => program.paths.pop(), /paths: expected 13 of them, got 12/],
    ['too many paths', ({ program }) => program.paths.push(''), /paths: expected 13 of them, got 14/],
    ['a view of a later value', set('values.35.place', { view: 36 }), /value 35: expected a view of an earlier value, got 36/],
    ['a view of itself', set('values.35.place', { view: 35 }), /value 35: expected a view of an earlier value/],
    ['a view of another size', set('values.35.shape', [1, 1, 15]), /value 35: expected a view of plain float32/],
    ['a view of another dtype', set('values.35.dtype', 'int32'), /value 35: expected a view of plain float32.*got int32/],
    ['a constant unknown', set('values.3.place', { constant: 22 }), /value 3: expected one of 19 constants, got 22/],
    ['a value unlike its constant', set('values.3.shape', [16, 40]), /value 3: expected float32 \[40,16\], got float32 \[16,40\]/],
    [
      'a value of another dtype than its constant',
      set('values.3.dtype', 'int32'),
      /value 3: expected float32 \[40,16\], got int32 \[40,16\]/,
    ],
    ['an input beyond the values', set('inputs.0.value', 39), /"input_ids": expected one of 38 values/],
    ['an input in a constant', set('inputs.0.value', 3), /input "input_ids": expected a value in the arena/],
    ['two inputs of one name', set('inputs.1.name', 'input_ids'), /unique names/],
    ['two inputs in one place', set('inputs.1.value', 0), /values of their own/],
    ['two outputs of one name', set('outputs.1.name', 'last_hidden_state'), /unique names/],
    ['an output beyond the values', set('outputs.0.value', 39), /"last_hidden_state": expected one of 38 values/],
    ['an output in panels', set('outputs.0.value', 14), /output "last_hidden_state": expected a plain value/],
    ['no output', set('outputs', []), /outputs: expected at least one, got 0/],
    ['one tensor of two outputs', set('structure', 'tensor'), /outputs: expected one, got 2/],
    ['an output called length', set('outputs.0.name', 'length'), /names without dots.*got "length"/],
    ['an output called __proto__.0', set('outputs.0.name', '__proto__.0'), /names without dots/],
    ['an output called length in another', set('outputs.0.name', 'a.length'), /names without dots/],
  ])('%s', async (_, change, message, code) => {
    await expectRefused(change, message, code);
  });
});

describe('views of one another', () => {
  const views =
    (count: number) =>
    ({ program: { values } }: Parts): void => {
      const { dtype, shape } = values[3];
      for (let i = 0; i < count; i++) values.push({ dtype, shape, place: { view: i === 0 ? 3 : values.length - 1 } });
    };

  test('are as many as may be', async () => {
    const ids = [tensor([[1, 2, 3, 4, 5]]), tensor([[1, 1, 1, 1, 0]])] as const;
    expectSameBits((await jit.load(altered(file, views(1000))))(...ids), (await jit.load(file))(...ids));
  });

  test('are no more', async () => {
    await expectRefused(views(1001), /value 1038: expected at most 1000 views of one another, got 1001/);
  });
});

describe('a quantised program', () => {
  test.each([8, 4] as const)('in %i bits has weights among its constants, and no form of its own', async (bits) => {
    const traced = await jit.trace((x) => F.linear(x, weight), [floats([1, 64])]);
    const whole = await fileOf((await quantize(traced, { bits })).traced);
    const { code } = takeApart(whole);
    const op = `linear_i${bits}` as const;
    const { at, operands } = prove(programOf(takeApart(whole))).instructions.find((instruction) => instruction.op === op) as Instruction;
    const form = at + 1 + wordsOf(OPS[op]).findIndex(([name]) => name === 'form');
    expect(code[form]).toBe(0);
    const moved = ({ program }: Parts) => {
      program.values[operands.weight as number].place = { arena: program.arena };
      program.arena += 4096;
    };
    for (const [change, message] of [
      [word(form, 1), /linear_i\d form: expected 0, got 1/],
      [moved, /linear_i\d weight: expected a constant, got a value in the arena/],
    ] as const)
      expect((await problem('format', () => jit.load(altered(whole, change)))).message).toMatch(message);
  });

  const weight = floats([3, 64]);
});

test('words changed at random are refused, or make a program that runs or refuses inputs out of its bounds', async () => {
  const whole = takeApart(file);
  const golden = { input_ids: tensor([[1, 2, 3, 4, 5]]), attention_mask: tensor([[1, 1, 1, 1, 0]]) };
  let refused = 0;
  let accepted = 0;
  const change = fc.record({ at: fc.nat(whole.code.length - 1), to: fc.oneof(fc.integer(), fc.integer({ min: -2, max: 50 })) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 2 }), async (changes) => {
      const code = [...whole.code];
      for (const { at, to } of changes) code[at] = to;
      try {
        prove(programOf({ ...whole, code }));
      } catch (error) {
        expect(error).toBeInstanceOf(TraceletError);
        refused++;
        return;
      }
      accepted++;
      const loaded = await jit.load(seal({ ...whole, code, tensors: new Map(whole.tensors) })).catch((error) => error);
      if (loaded instanceof TraceletError) return;
      const answer = () => {
        try {
          return loaded(golden);
        } catch (error) {
          expect(error).toMatchObject({ name: 'TraceletError', code: 'value' });
          return undefined;
        }
      };
      const first = answer();
      if (first) expectSameBits(answer(), first);
    }),
    { numRuns: 1500 },
  );
  expect(refused).toBeGreaterThan(500);
  expect(accepted).toBeGreaterThan(20);
});
