import { beforeAll, describe, expect, test } from 'vitest';
import { type ErrorCode, F, jit, tensor } from '../../src/index.ts';
import { altered, type Loose, type Parts, seal, set, takeApart } from '../support/malformed_trace.ts';
import { Computed, fileOf, floats, problem, slicingBert } from '../support/tiny.ts';

let file: Uint8Array;

beforeAll(async () => {
  const inputs = { input_ids: tensor([[1, 2, 3, 4, 5]]), attention_mask: tensor([[1, 1, 1, 1, 0]]) };
  file = await fileOf(await jit.trace(slicingBert(), inputs, { exact_padding: true }));
});

const word =
  (at: number, value: number) =>
  ({ code }: Parts): void => {
    code[at] = value;
  };

type Case = [string, (parts: Parts) => void, RegExp, ErrorCode?];

async function expectRefused(change: (parts: Parts) => void, message: RegExp, code: ErrorCode = 'format'): Promise<void> {
  const error = await problem(code, () => jit.load(altered(file, change)));
  expect(error.message).toMatch(message);
}

describe('the arena', () => {
  test.each<Case>([
    [
      'a value outside',
      set('values.2.place', { arena: 3648 }),
      /out: expected 16-aligned bytes within an arena of 3712, got 320 bytes at 3648/,
    ],
    ['an input outside', set('values.1.place', { arena: 3704 }), /input attention_mask: expected 16-aligned bytes within/],
    [
      'an arena that nothing fills',
      set('arena', 2 ** 31 - 64),
      /arena: expected at most the \d+ bytes of all values and scratch, got 2147483584/,
    ],
    ['an arena too small', set('arena', 3600), /16-aligned bytes within an arena of 3600/],
    ['a value misaligned', set('values.2.place', { arena: 2952 }), /16-aligned.*at 2952/],
    ['an input over another', set('values.1.place', { arena: 0 }), /attention_mask: expected room of its own, got that of input input_ids/],
    [
      'an input over a value before it is read',
      set('values.1.place', { arena: 2944 }),
      /instruction 5: mask: expected a value that is still in the arena/,
    ],
    [
      'a result over an operand',
      set('values.13.place', { arena: 2048 }),
      /instruction 4: out: expected room apart from the operands, got that of x/,
    ],
    [
      'a result over part of what it may replace',
      set('values.4.place', { arena: 2928 }),
      /instruction 1: out: expected room apart from the operands/,
    ],
    ['scratch over an operand', word(45, 64), /instruction 5: scratch: expected room apart from the operands, got that of qkv/],
    [
      'scratch over the result',
      (parts) => {
        parts.program.arena = 8192;
        parts.program.values[16].place.arena = 6400;
        parts.code[45] = 4608;
      },
      /instruction 5: scratch: expected room apart from the operands, got that of out/,
    ],
    ['scratch misaligned', word(45, 8), /scratch: expected 16-aligned/],
    ['scratch negative', word(45, -64), /scratch: expected 16-aligned/],
    [
      'a residual overwritten',
      set('values.16.place', { arena: 2944 }),
      /instruction 7: residual: expected a value that is still in the arena/,
    ],
    ['an output overwritten', set('values.33.place', { arena: 832 }), /instruction 11: out: expected room apart|output: last_hidden_state/],
    ['a value read before it is made', word(17, 7), /instruction 2: x: expected a value that is still in the arena/],
    [
      'an output never made',
      ({ program }) => {
        program.values.push({ dtype: 'float32', shape: [4], place: { arena: 0 } });
        program.outputs[0].value = 38;
      },
      /output: last_hidden_state: expected a value that is still in the arena/,
    ],
  ])('%s', async (_, change, message) => {
    await expectRefused(change, message);
  });

  test.each([2 ** 32, 2 ** 45])('of %s bytes cannot be had', async (arena) => {
    await expectRefused(set('arena', arena), /memory for the trace: expected .* MiB of wasm memory/, 'memory');
  });
});

describe('the elements of constants', () => {
  const elements =
    (...values: number[]) =>
    ({ tensors }: Parts): void => {
      (tensors.get('constants.0') as Loose).data.set(values);
    };

  test.each<Case>([
    ['beyond their table', elements(4), /constant 0\[0\]: expected a whole number from 0 to 3, got 4/],
    ['negative', elements(0, -1), /constant 0\[1\]: expected a whole number from 0 to 3, got -1/],
  ])('ids %s', async (_, change, message) => {
    const ids = tensor([3, 1, 0]);
    const parts = takeApart(await fileOf(await jit.trace(new Computed((table) => F.embedding(ids, table)), [floats([4, 6])])));
    change(parts);
    expect((await problem('value', () => jit.load(seal(parts)))).message).toMatch(message);
  });
});
