import { describe, expect, test } from 'vitest';
import type { Op } from '../../src/ops/op.ts';
import { OPS, type OpName } from '../../src/ops/table.ts';
import { partsOf } from '../../src/runtime/threads/parts.ts';
import type { Case } from '../support/cases.ts';
import { arrange, bitsOf, formsOf, kernelsOf, operandsOf, type Run, runs, VARIANTS } from '../support/kernels.ts';
import { REFERENCE } from '../support/reference.ts';

const SPLITTING = (Object.keys(OPS) as OpName[]).filter((op) => OPS[op].split);
const WHOLE = ['scatter', 'strided', 'panels', 'expand'];

/** Products of more columns and rows than a part's least. */
const wide = (op: OpName, m: number, n: number, k: number): Case => {
  const integer = { x: [m, k], scale: [n], sums: [Math.ceil(k / 384), n], smooth: [k], bias: [n] };
  if (op === 'linear_i8') return { shapes: { ...integer, weight: [n, k] } };
  if (op === 'linear_i4') return { shapes: { ...integer, weight: [n, k / 2], steps: [n, k / 32] } };
  return { shapes: { x: [m, k], weight: [n, k], bias: [n] }, attrs: { activation: 'gelu' } };
};
const MORE: Partial<Record<OpName, Case[]>> = Object.fromEntries(
  (['linear', 'linear_i8', 'linear_i4'] as const).map((op) => [op, [wide(op, 3, 67, 416), wide(op, 1, 128, 64), wide(op, 29, 19, 32)]]),
);
MORE.add = [{ shapes: { a: [3, 50], b: [3, 50] } }, { shapes: { a: [7, 50], b: [50] } }];
MORE.gelu = [{ shapes: { x: [150] } }];

/** The result of a call in at most `threads` parts, run in `order`; other memory has to stay as it was. */
function inParts(
  variant: (typeof VARIANTS)[number],
  op: OpName,
  example: Case,
  threads: number,
  run: Run,
): { bits: Uint32Array; count: number } {
  const row: Op = OPS[op];
  const kernels = kernelsOf(variant);
  const { args, numbers, out, outBytes, free, top } = arrange(kernels, op, operandsOf(op, example), example, run);
  const parts = partsOf({ row, numbers, args }, threads);
  const bytes = () => new Uint8Array(kernels.memory.buffer).slice(0, top);
  const before = bytes();
  for (const part of parts.toReversed()) kernels.exports[op](...part);
  const after = bytes();
  const bits = bitsOf(new Float32Array(after.slice(out, out + outBytes).buffer));
  for (const [at, length] of free) after.set(before.subarray(at, at + length), at);
  expect(Buffer.compare(before, after), 'bytes outside the result').toBe(0);
  return { bits, count: parts.length };
}

test('every op says how it splits, or that it does not', () => {
  for (const [name, row] of Object.entries(OPS as Record<string, Op>)) expect(row.split, name).not.toBe(undefined);
  expect(Object.keys(OPS).filter((op) => !SPLITTING.includes(op as OpName))).toEqual(WHOLE);
});

test.each([
  [1, 12, 4, 'heads'],
  [8, 12, 4, 'heads'],
  [8, 4, 4, 'heads'],
  [8, 3, 4, 'batch'],
  [4, 3, 4, 'batch'],
  [3, 3, 4, 'heads'],
  [2, 3, 4, 'heads'],
])('attention of %i sequences by %i heads in %i parts goes by %s', (batch, heads, parts, over) => {
  for (const op of ['attention', 'attention_qkv'] as const)
    expect((OPS[op] as Op).split?.({ batch, heads, head_dim: 8, rows: 9, longest: 9, width: 8 * heads }, parts)).toMatchObject({
      over: [over],
    });
});

describe.each(VARIANTS.filter(runs))('%s: parts make the bits of the whole', (variant) => {
  test.each(SPLITTING)('%s', (op) => {
    let most = 0;
    for (const example of [...REFERENCE[op].cases, ...(MORE[op] ?? [])])
      for (const form of 'form' in OPS[op].args ? formsOf(variant) : [0])
        for (const inPlace of (OPS[op] as Op).inPlace ? [false, true] : [false]) {
          const whole = inParts(variant, op, example, 1, { form, inPlace });
          for (const threads of [2, 3, 4, 7]) {
            const { bits, count } = inParts(variant, op, example, threads, { form, inPlace });
            expect(bits, `${JSON.stringify(example)} in ${threads}`).toEqual(whole.bits);
            most = Math.max(most, count);
          }
        }
    expect(most).toBeGreaterThan(1);
  });
});
