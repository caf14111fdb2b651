import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Aten } from '../../src/aten/aten.ts';
import { OPS } from '../../src/aten/ops/ops.ts';
import { type Argument, type AtenTensor, Float } from '../../src/aten/values.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { type Call, difference, f, floats, type Program, type Value, whole } from '../support/atenprograms.ts';
import { problem } from '../support/tiny.ts';

const SITE = { file: 'code/model.py', line: 12, path: 'encoder.layer.0' };

function started(): { aten: Aten; x: AtenTensor; call: (op: string, ...given: Argument[]) => Argument } {
  const aten = new Aten();
  const x = aten.input('x', new Tensor('float32', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)));
  return { aten, x, call: (op, ...given) => aten.call(op, given, new Map(), SITE) };
}

const numbers = (aten: Aten, value: Argument): number[] => Array.from(aten.lower(value as AtenTensor).data as Float32Array);

describe('arguments', () => {
  test('are the same by position, by name and with the names of overloads', () => {
    const { aten, x } = started();
    const ways: [string, Argument[], [string, Argument][]][] = [
      ['add', [x, 2], []],
      ['aten::add.Scalar', [x, 2, 1], []],
      [
        'add.Tensor',
        [],
        [
          ['self', x],
          ['other', 2],
          ['alpha', 1],
        ],
      ],
      [
        'add',
        [x],
        [
          ['alpha', new Float(0.5)],
          ['other', 4],
        ],
      ],
    ];
    for (const [name, positional, named] of ways)
      expect(numbers(aten, aten.call(name, positional, new Map(named), SITE))).toEqual([3, 4, 5, 6, 7, 8]);
  });

  test('of questions are those of ops, of tensors that others wrote to as well', async () => {
    const { aten, x, call } = started();
    const named = (...entries: [string, Argument][]) => aten.call('size', [], new Map(entries), SITE);
    expect([call('size', x), call('size', x, -1), named(['self', x]), named(['dim', 0], ['self', x])]).toEqual([[2, 3], 3, [2, 3], 2]);
    const error = await problem('op', () => call('size', x, [0]));
    expect(error.message).toMatch(/expected \(AnyTensor self, int\? dim=None\), got \(float32 \[2,3\], \[0\]\)/);
    const y = call('mul', x, 2);
    call('add_', call('view', y, [3, 2]), 1);
    expect([call('size', y), call('numel', y)]).toEqual([[2, 3], 6]);
  });

  test.each([
    ['split', [1]],
    ['unbind', []],
    ['chunk', [1_000_000_000]],
  ] as const)('of %s ask for a number of parts that memory is meant for', async (op, more) => {
    const { aten, call } = started();
    const long = aten.call('arange', [1_000_000_000], new Map(), SITE);
    expect((await problem('value', () => call(op, long, ...more))).message).toMatch(/at most 65536 parts, got 1000000000/);
  });

  test('of arange are its end, its start and end, or these and a step', () => {
    const { aten, call } = started();
    const dtype = new Map<string, Argument>([
      ['dtype', 4],
      ['layout', null],
      ['device', 'cpu'],
      ['pin_memory', false],
    ]);
    const range = (...given: Argument[]): number[] => numbers(aten, aten.call('arange', given, dtype, SITE));
    expect([range(3), range(1, 3), range(0, 5, 2)]).toEqual([
      [0, 1, 2],
      [1, 2],
      [0, 2, 4],
    ]);
    expect((call('arange', 3) as AtenTensor).dtype).toBe('int64');
    expect((call('arange', new Float(3)) as AtenTensor).dtype).toBe('float32');
  });

  test('of Python make numbers of Python', () => {
    const { call } = started();
    expect(call('add', 2, 3)).toBe(5);
    expect(call('div', 1, 4)).toEqual(new Float(0.25));
    expect(call('lt', 1, 4)).toBe(true);
    expect(call('size', started().x)).toEqual([2, 3]);
    expect(call('size', started().x, -1)).toBe(3);
    expect(call('dtype', started().x)).toBe(6);
  });

  test.each(Object.keys(OPS).filter((name) => name !== 'device'))('of %s that it does not have are refused', async (name) => {
    const { aten, x } = started();
    const strange: [Argument[], [string, Argument][]][] = [
      [new Array<Argument>(20).fill(x), []],
      [[x], [['nonsense', 1]]],
      [[new Map() as never], []],
    ];
    for (const [positional, named] of strange) {
      const error = await problem('op', () => aten.call(name, positional, new Map(named), SITE));
      expect(error.message).toContain('code/model.py, line 12');
    }
  });
});

describe('dtypes', () => {
  test.each<[string, Argument, Argument, string]>([
    ['whole numbers and a float', 1, new Float(2), 'float32'],
    ['whole numbers and a whole number', 1, 2, 'int64'],
  ])('of a tensor of %s', (_, value, other, dtype) => {
    const { aten, call } = started();
    const tensor = aten.stored(whole([2], [value as number, 5]), 'int64');
    expect((call('add', tensor, other) as AtenTensor).dtype).toBe(dtype);
  });

  test('of tensors without dimensions yield to those of some', () => {
    const { aten, call, x } = started();
    const double = aten.stored(new Tensor('float64', [], Float64Array.of(0.5)));
    expect((call('mul', x, double) as AtenTensor).dtype).toBe('float32');
    const half = aten.stored(new Parameter(floats([3], 1)), 'float16');
    expect((call('mul', half, new Float(2)) as AtenTensor).dtype).toBe('float16');
    expect((call('gt', x, half) as AtenTensor).dtype).toBe('bool');
  });
});

describe('ops in place', () => {
  test('change the tensor that they are called on', () => {
    const { aten, x, call } = started();
    const y = call('mul', x, 2);
    expect(call('add_', y, 1)).toBe(y);
    expect(numbers(aten, y)).toEqual([3, 5, 7, 9, 11, 13]);
    expect(numbers(aten, call('add', y, 0))).toEqual([3, 5, 7, 9, 11, 13]);
  });

  test('go through views to what they are views of, and leave other views unknown', async () => {
    const { aten, x, call } = started();
    const y = call('mul', x, 2);
    const view = call('view', y, [3, 2]);
    call('add_', view, 1);
    expect(numbers(aten, view)).toEqual([3, 5, 7, 9, 11, 13]);
    expect(numbers(aten, y)).toEqual([3, 5, 7, 9, 11, 13]);
    const other = call('view', y, [6]);
    call('add_', call('view', y, [3, 2]), 1);
    const error = await problem('tracing', () => call('add', other, 1));
    expect(error.message).toMatch(/a write through another view of it.*aten::add in encoder.layer.0 \(code\/model.py, line 12\)/);
    const [first] = call('split', call('mul', x, 3), 1, 1) as AtenTensor[];
    call('mul_', first, 0);
    expect(numbers(aten, first)).toEqual([0, 0]);
  });

  test('leave copies as they are', () => {
    const { aten, x, call } = started();
    const y = call('mul', x, 2);
    const copy = call('clone', y);
    call('add_', y, 1);
    expect(numbers(aten, copy)).toEqual([2, 4, 6, 8, 10, 12]);
  });

  test('keep shape and dtype', async () => {
    const { aten, x, call } = started();
    const ids = aten.stored(whole([2], [1, 2]), 'int64');
    expect((call('add_', call('add', ids, 0), 1) as AtenTensor).dtype).toBe('int64');
    const row = call('select', x, 0, 0);
    await problem('shape', () => call('add_', call('clone', row), x));
  });

  test('may write to what out says', () => {
    const { aten, call } = started();
    const out = call('zeros', [1]) as AtenTensor;
    expect(aten.call('arange', [4], new Map([['out', out]]), SITE)).toBe(out);
    expect(numbers(aten, out)).toEqual([0, 1, 2, 3]);
  });
});

describe('what cannot run', () => {
  test.each<[string, (call: (op: string, ...given: Argument[]) => Argument, x: AtenTensor) => unknown, string, RegExp]>([
    ['an op that is not known', (call, x) => call('softmxa', x, 1), 'op', /aten::softmxa.*line 12\)\. Did you mean softmax\?/],
    ['dropout', (call, x) => call('dropout', x, new Float(0.1), true), 'training', /eval\(\)/],
    ['a matrix that does not fit', (call, x) => call('matmul', x, x), 'shape', /matmul: expected \[…, 3, n\], got \[2,3\]/],
    [
      'an expansion that does not fit',
      (call, x) => call('expand', x, [2, 4]),
      'shape',
      /^The expanded size of the tensor \(4\) must match the existing size \(3\) at non-singleton dimension 1/,
    ],
    ['a view of another size', (call, x) => call('view', x, [4]), 'shape', /a shape of 6 elements/],
    ['a slice by an index that is not there', (call, x) => call('select', x, 0, 2), 'shape', /an index within dimension 0/],
    ['a dtype that has no numbers here', (call, x) => call('to', x, 9), 'dtype', /dtype number 9/],
  ])('says where: %s', async (_, run, code, words) => {
    const { x, call } = started();
    const error = await problem(code as never, () => run(call, x));
    expect(error.message).toMatch(words);
    expect(error.message).toContain('code/model.py, line 12');
  });

  test('is a number that inputs decide', async () => {
    const { aten, x, call } = started();
    const sum = call('sum', x) as AtenTensor;
    const error = await problem('tracing', () => aten.number(sum, SITE));
    expect(error.message).toMatch(/one that follows from sizes alone.*code\/model.py, line 12/);
    const ids = aten.input('ids', whole([1, 1], [5]));
    await problem('tracing', () => aten.number(call('eq', ids, 5) as AtenTensor, SITE));
    expect(aten.number(call('NumToTensor', 7) as AtenTensor, SITE)).toBe(7);
    expect(aten.number(call('gt', call('NumToTensor', 7), 3) as AtenTensor, SITE)).toBe(true);
  });

  test('is nothing, however long a program is', () => {
    const { aten, x, call } = started();
    let y: Argument = x;
    for (let i = 0; i < 20_000; i++) y = call('add', y, 1);
    expect(numbers(aten, y)[0]).toBe(20_001);
  });
});

describe('what no pattern fits', () => {
  type Step = (call: Call, x: Value, y: Value) => Value;
  const STEPS: Readonly<Record<string, Step>> = {
    add: (call, x, y) => call('add', x, y),
    sub: (call, x, y) => call('sub', x, y),
    mul: (call, x, y) => call('mul', x, y),
    tanh: (call, x) => call('tanh', x),
    sigmoid: (call, x) => call('sigmoid', x),
    exp: (call, x) => call('exp', call('tanh', x)),
    mean: (call, x) => call('mean', x, [-1], true),
    sum: (call, x) => call('div', call('sum', x, [1], true), f(3)),
    where: (call, x, y) => call('where', call('gt', x, y), x, y),
    softmax: (call, x) => call('softmax', x, 1),
    turned: (call, x, y) => call('add', call('transpose', call('transpose', x, 0, 2), 2, 0), y),
    halves: (call, x, y) => call('add', call('cat', [call('slice', x, 2, 2, 4, 1), call('slice', x, 2, 0, 2, 1)], 2), y),
    one: (call, x, y) => call('mul', call('unsqueeze', call('sum', x, [2]), 2), y),
  };

  test('is run op by op, and right', () => {
    const names = fc.array(fc.constantFrom(...Object.keys(STEPS)), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(names, fc.integer({ min: 0, max: 1000 }), (steps, seed) => {
        const program: Program = (call, { x, y }) => {
          const full = (value: Value): Value => call('expand', value, [2, 3, 4]);
          return steps.reduce((value: Value, name) => full(STEPS[name](call, value, y)), x);
        };
        const holds = { inputs: { x: floats([2, 3, 4], seed), y: floats([3, 1], seed + 1) }, weights: {} };
        expect(difference(program, holds).worst).toBeLessThan(1e-5);
      }),
    );
  });
});
