import { describe, expect, test } from 'vitest';
import { type Kind, kindOf } from '../../src/ops/kinds.ts';
import type { Op } from '../../src/ops/op.ts';
import { OPS, type OpName } from '../../src/ops/table.ts';
import { sizeOf } from '../../src/tensor/tensor.ts';
import type { Case } from '../support/cases.ts';
import { arrange, bytesOf, kernelsOf, operandsOf } from '../support/kernels.ts';
import { REFERENCE } from '../support/reference.ts';

describe('broken contracts are named by the debug build', () => {
  const broken: [what: string, op: OpName, args: number[], message: RegExp][] = [
    ['an odd pointer', 'relu', [65537, 65792, 4], /not a multiple of 4/],
    ['a weight in panels off its alignment', 'linear', [65536, 66560, 70004, 0, 0, 1, 1, 1, 1], /not a multiple of 16/],
    ['a negative dimension', 'tanh', [65536, 65536, -1], /below 0/],
    ['a shifted overlap', 'gelu', [65536, 65540, 8], /overlaps an operand/],
    ['a product in place', 'linear', [65536, 65536, 70000, 0, 0, 2, 2, 2, 2], /overlaps an operand/],
    ['rows across one another', 'linear', [65536, 66560, 70000, 0, 0, 2, 2, 2, 1], /rows overlap/],
    ['an unknown activation', 'linear', [65536, 66560, 70000, 0, 7, 1, 1, 1, 1], /unknown activation/],
    ['a period that does not divide', 'add', [65536, 65536, 66560, 7, 2], /multiple of period/],
    [
      'a sequence longer than the longest',
      'attention',
      [65536, 65792, 66048, 66304, 0, 100000, 70000, 1, 2, 1, 1, 1, 1],
      /longer than the longest/,
    ],
    ['attention in place', 'attention', [65536, 65792, 65536, 66304, 0, 100000, 70000, 1, 3, 1, 1, 1, 1], /overlaps an operand/],
    ['sequences that go back', 'mean_pool', [65536, 66560, 0, 100008, 1, 4], /ends before it starts/],
  ];
  test.each(broken)('%s', (_, op, args, message) => {
    const { memory, exports } = kernelsOf('debug');
    new Int32Array(memory.buffer, 100000, 4).set([0, 3, 3, 1]);
    expect(() => exports[op](...args)).toThrow(message);
  });
});

describe('every argument is looked at by the debug build', () => {
  /** What is wrong for an argument of a kind, and what is said of it; integer weights may lie anywhere. */
  const wrong = (kind: Kind): [change: (given: number) => number, message: RegExp] | undefined => {
    if (kind === 'int') return [() => -1, /dimension below 0|need the mask of all/];
    if (kind === 'stride') return [() => -1, /rows overlap/];
    if (kind === 'scratch' || kind === 'panels') return [(at) => at + 4, /not a multiple of 16/];
    const ofFour = kind === 'out' || kindOf(kind).dtype === 'float32' || kindOf(kind).dtype === 'int32';
    return ofFour ? [(at) => at + 1, /not a multiple of (4|16)/] : undefined;
  };
  const all = (Object.keys(OPS) as OpName[]).flatMap((op) =>
    Object.entries((OPS[op] as Op).args).flatMap(([name, kind], at) => {
      const made = wrong(kind);
      return made ? [[op, name, at, ...made] as const] : [];
    }),
  );

  test.each(all)('%s: %s', (op, _, at, change, message) => {
    const kernels = kernelsOf('debug');
    const example = REFERENCE[op].cases[1];
    const { args } = arrange(kernels, op, operandsOf(op, example), example);
    expect(() => kernels.exports[op](...args)).not.toThrow();
    expect(() => kernels.exports[op](...args.with(at, change(args[at])))).toThrow(message);
  });
});

/** Operands that kernels do not hold against their results. */
const UNLOOKED: readonly RegExp[] = [
  /mask|origin|steps|places|types/,
  /^linear_i[48]: weight/,
  /^embedding_i[48]: (table|scale)/,
  /^(relative_|positional_|disentangled_|cross_)?attention\w*: (key_)?starts/,
  /^strided/,
];

describe('a result that shares an element with an operand is refused by the debug build, and one that touches it is not', () => {
  /** Far from all else. */
  const ALONE = 700_000;
  const argsOf = (op: OpName): Op['args'] => (OPS[op] as Op).args;
  const operandsIn = (op: OpName): string[] => Object.entries(argsOf(op)).flatMap(([name, kind]) => (kindOf(kind).dtype ? [name] : []));

  /** The case of most operands, all of some elements, whose sequences are as long as can be. */
  function exampleOf(op: OpName): Case {
    const fit = REFERENCE[op].cases.filter(({ shapes, lengths }) => {
      const sizes = Object.values(shapes).map(sizeOf);
      return Math.min(...sizes) >= 2 && Math.max(...sizes) >= 8 && Math.max(...sizes) < 1000 && new Set(lengths).size <= 1;
    });
    const most = Math.max(...fit.map(({ shapes }) => Object.keys(shapes).length));
    return fit.find(({ shapes }) => Object.keys(shapes).length === most) as Case;
  }

  const pairs = (Object.keys(OPS) as OpName[]).flatMap((op) => operandsIn(op).map((name) => [op, name] as const));
  const looked = pairs.filter(([op, name]) => !UNLOOKED.some((pattern) => pattern.test(`${op}: ${name}`)));
  test.each(looked)('%s: %s', (op, name) => {
    const kernels = kernelsOf('debug');
    const example = exampleOf(op);
    const operands = operandsOf(op, example);
    const { args, numbers, outBytes } = arrange(kernels, op, operands, example);
    const [result, operand] = ['out', name].map((each) => Object.keys(argsOf(op)).indexOf(each));
    const bytes = bytesOf(argsOf(op)[name], operands[name], numbers);
    new Uint8Array(kernels.memory.buffer).copyWithin(ALONE, args[operand], args[operand] + bytes);
    const callAt = (out: number) => () => kernels.exports[op](...args.with(operand, ALONE).with(result, out));
    const unit = op === 'panels' ? 16 : 4;
    const last = (bytes - 1) & -unit;
    for (const out of [ALONE + last, ALONE - outBytes + unit]) expect(callAt(out), `result at ${out - ALONE}`).toThrow(/overlaps/);
    for (const out of [ALONE + last + unit, ALONE - outBytes]) expect(callAt(out), `result at ${out - ALONE}`).not.toThrow();
  });
});
