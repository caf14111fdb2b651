import { describe, expect, test } from 'vitest';
import { Float } from '../../src/aten/values.ts';
import { message } from '../support/message.ts';
import { answer, plain, program } from '../support/script.ts';

const result = (body: string, options?: Parameters<typeof answer>[1]): unknown => answer(body, options).value;

describe('what Python computes', () => {
  test.each([
    ['1', 1],
    ['-1', -1],
    ['0.5', '0.5f'],
    ['1.', '1f'],
    ['-1.e-3', '-0.001f'],
    ['9.9999999999999998e-13', '1e-12f'],
    ['inf', 'Infinityf'],
    ['-inf', '-Infinityf'],
    ['nan', 'NaNf'],
    ['9223372036854775807', 2 ** 63],
    ['None', null],
    ['True', true],
    ['"a\\"b\\nc\\303\\251"', 'a"b\ncé'],
    ["'it'", 'it'],
    ['(1, 2)', { tuple: [1, 2] }],
    ['(1,)', { tuple: [1] }],
    ['()', { tuple: [] }],
    ['(1)', 1],
    ['[1, 2, ]', [1, 2]],
    [
      '{"a": 1, "b": (2, 3)}',
      {
        dict: [
          ['a', 1],
          ['b', { tuple: [2, 3] }],
        ],
      },
    ],
    ['torch.add(1, 2)', 3],
    ['torch.add(1, 2.)', '3f'],
    ['torch.mul(2, [1, 2])', [1, 2, 1, 2]],
    ['torch.div(7, 2)', '3.5f'],
    ['torch.floordiv(-7, 2)', -4],
    ['torch.remainder(-7, 3)', 2],
    ['torch.pow(2, 10)', 1024],
    ['torch.pow(2, -1)', '0.5f'],
    ['torch.neg(3)', -3],
    ['torch.sqrt(16)', '4f'],
    ['torch.floor(2.5)', 2],
    ['torch.eq([1, 2], [1, 2])', true],
    ['torch.ne("a", "b")', true],
    ['torch.lt(1, 2.)', true],
    ['torch.ge("b", "a")', true],
    ['torch.__not__(True)', false],
    ['torch.__and__(6, 3)', 2],
    ['torch.__is__(None, None)', true],
    ['torch.__isnot__(y, None)', false],
    ['torch.__contains__([1, 2], 2)', true],
    ['torch.__contains__({"a": 1}, "b")', false],
    ['torch.len([1, 2])', 2],
    ['torch.len("abc")', 3],
    ['torch.__getitem__([1, 2, 3], -1)', 3],
    ['torch.slice([1, 2, 3, 4], 1, 9223372036854775807, 2)', [2, 4]],
    ['([1, 2, 3])[1:]', [2, 3]],
    ['((1, 2, 3))[:2]', { tuple: [1, 2] }],
    ['((1, 2))[1]', 2],
    ['ops.prim.min(3, 2)', 2],
    ['ops.prim.max([1, 5, 2])', 5],
    ['torch.format("{} and {}", 1, [2., None])', '1 and [2.0, None]'],
    ['torch.keys({"a": 1})', ['a']],
    ['torch.items({"a": 1})', [{ tuple: ['a', 1] }]],
    ['torch.__range_length(0, 10, 3)', 4],
    ['torch.__derive_index(2, 1, 3)', 7],
    ['int(2.7)', 2],
    ['int(-2.7)', -2],
    ['int("12")', 12],
    ['float(3)', '3f'],
    ['bool(0)', false],
    ['annotate(List[int], [])', []],
    ['annotate(Optional[Tensor], None)', null],
    ['unchecked_cast(int, 3)', 3],
    ['isinstance(x, Tensor)', true],
    ['isinstance(3, (float, int))', true],
    ['isinstance(None, Optional[Tensor])', true],
    ['isinstance([1], List[int])', true],
    ['isinstance(3., int)', false],
  ])('%s', (expression, expected) => expect(result(`return ${expression}`)).toEqual(expected));
});

describe('statements', () => {
  test('variables, unpacking and annotated ones', () =>
    expect(result('a, b, = (1, 2)\nc : int = torch.add(a, b)\nd : List[int]\n(e, f) = (c, a)\nreturn [a, b, c, e, f]')).toEqual([
      1, 2, 3, 3, 1,
    ]));

  test('a condition takes one branch', () =>
    expect(result('if torch.eq(torch.size(x, 0), 2):\n  a = "then"\nelse:\n  a = "else"\nreturn a')).toBe('then'));

  test('the branch that is not taken does not run', () =>
    expect(result('if False:\n  ops.prim.RaiseException("no")\nelse:\n  pass\nreturn 1')).toBe(1));

  test('loops over a range, a list and while', () => {
    expect(result('n = 0\nfor i in range(4):\n  n = torch.add(n, i)\nreturn n')).toBe(6);
    expect(result('n = 0\nfor i in [5, 6]:\n  n = torch.add(n, i)\nreturn n')).toBe(11);
    expect(result('n = 0\nwhile torch.lt(n, 5):\n  n = torch.add(n, 2)\nreturn n')).toBe(6);
    expect(
      result(
        'n = 0\nfor i in range(9):\n  if torch.eq(i, 2):\n    continue\n  else:\n    pass\n  if torch.eq(i, 4):\n    break\n  n = torch.add(n, i)\nreturn n',
      ),
    ).toBe(4);
  });

  test('a return within a loop ends the call', () =>
    expect(result('for i in range(9):\n  if torch.eq(i, 3):\n    return i\nreturn 0')).toBe(3));

  test('lists and dicts change', () =>
    expect(
      result(
        'a = annotate(List[int], [])\n_0 = torch.append(a, 3)\ntorch._set_item(a, 0, 4)\nd = {"k": 1}\ntorch._set_item(d, "k", a)\nreturn d',
      ),
    ).toEqual({ dict: [['k', [4]]] }));

  test('brackets go on over lines', () => expect(result('return [1,\n  2,\n    3]')).toEqual([1, 2, 3]));
});

describe('ops', () => {
  test('have their arguments by position and by name, and stand in a line of a file', () => {
    const { value, calls } = answer('return torch.add(x, 2., alpha=1)');
    expect(value).toBe('tensor[2,3]');
    expect(calls).toEqual([
      { name: 'add', args: [expect.anything(), new Float(2)], named: { alpha: 1 }, site: { file: 'code/__torch__.py', line: 6, path: '' } },
    ]);
  });

  test.each([
    ['torch.relu(x)', 'relu'],
    ['ops.aten.relu(x)', 'relu'],
    ['ops.prim.NumToTensor(3)', 'NumToTensor'],
    ['torch.nn.functional.x(x)', 'nn.functional.x'],
    ['torch.eq(x, 1)', 'eq'],
    ['torch.cat([x, x], 1)', 'cat'],
  ])('%s is called %s', (expression, name) => expect(answer(`return ${expression}`).calls.map((each) => each.name)).toEqual([name]));

  test('answer lists and tuples', () => {
    expect(result('a, b, = torch.unbind(x)\nreturn b')).toBe('tensor[2,3]');
    expect(result('a, b, = torch.max_pool2d_with_indices(x)\nreturn a')).toBe('tensor[2,3]');
  });

  test('numbers that are known of tensors become numbers of Python', () => {
    const number = 'ops.prim.NumToTensor(torch.size(x, 1))';
    expect(result(`return [int(${number}), annotate(number, ${number})]`)).toEqual([3, 3]);
    expect(result(`if bool(${number}):\n  a = 1\nelse:\n  a = 0\nreturn a`)).toBe(1);
  });
});

describe('modules and functions', () => {
  const code = {
    __torch__: `
class M(Module):
  __parameters__ = []
  __annotations__["0"] = __torch__.a.b.Inner
  inner : __torch__.a.b.Inner
  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
    _0 = __torch__.a.b.twice
    inner = self.inner
    layers = self.layers
    first = getattr(layers, "0")
    return [(inner).forward(x, ), (inner).forward1(3, ), _0(4, by=2, ), (first).forward(x, )]
`,
    '__torch__/a/b': `op_version_set = 1
import __torch__.other
class Inner(Module):
  scale : Final[float] = 0.5
  def forward(self: __torch__.a.b.Inner, x: Tensor) -> Tensor:
    return torch.mul(x, self.scale)
  def forward1(self, n: int) -> int:
    return torch.add(n, self.more)

def twice(n: int,
    by: int=1) -> int:
  return torch.mul(n, by)
`,
  };

  test('are called with the paths of modules', () => {
    const { interpreter, make, aten } = program(code);
    const inner = make('__torch__.a.b.Inner', { more: 7, path: 'inner' });
    const layers = make('__torch__.M', { '0': make('__torch__.a.b.Inner', { path: 'layers.0' }) });
    expect(plain(interpreter.method(make('__torch__.M', { inner, layers }), 'forward', [aten.tensor()]))).toEqual([
      'tensor[2,3]',
      10,
      8,
      'tensor[2,3]',
    ]);
    expect(aten.calls.map(({ site }) => `${site.file}:${site.line} ${site.path}`)).toEqual([
      'code/__torch__/a/b.py:6 inner',
      'code/__torch__/a/b.py:6 layers.0',
    ]);
    expect(aten.calls[0].args[1]).toEqual(new Float(0.5));
  });

  test('named tuples have their items by name', () =>
    expect(
      result('p = __torch__.Pair(x, 2)\nreturn [(p).second, (p)[1], p]', {
        more: 'class Pair(NamedTuple):\n  first : Tensor\n  second : int\n',
      }),
    ).toEqual([2, 2, { first: 'tensor[2,3]', second: 2 }]));

  test('objects that the program makes may change, and modules may not', () => {
    const more = 'class Box:\n  def __init__(self, value: int) -> NoneType:\n    self.value = value\n    return None\n';
    expect(result('b = __torch__.Box.__new__(__torch__.Box)\n_0 = (b).__init__(5, )\nreturn (b).value', { more })).toBe(5);
    expect(message(() => result('self.n = 1\nreturn 1'))).toMatch(/line 6: expected code that runs here, got a module that sets its own n/);
  });
});

describe('is refused with file and line', () => {
  test.each([
    ['if bool(torch.gt(x, 0)):\n  pass\nreturn x', /a number in code\/__torch__\.py, line 6/],
    ['return torch.add(1, "a")', /line 6: expected numbers for add, got an int, a string/],
    ['return nothing', /line 6: expected a variable that was set, got nothing/],
    ['return CONSTANTS.c0', /expected one of 0 constants, got c0/],
    ['return self.weight', /expected an attribute of a __torch__\.M, got weight/],
    ['return (self).other(x, )', /expected a method of __torch__\.M, got other/],
    ['return __torch__.nowhere.f(x, )', /expected a class or function of the program/],
    ['a, b, = (1, 2, 3)\nreturn a', /expected 2 values, got 3/],
    ['return torch.relu(self)', /for relu, got a __torch__\.M/],
    ['ops.prim.RaiseException("ids are too long")', /got an exception of it: ids are too long/],
    ['return torch.__getitem__([1], 3)', /expected an index of 1 items/],
    ['while True:\n  pass', /more/],
    ['for i in range(10000000):\n  pass', /range of 10000000/],
    ['return (self).forward(x, )', /calls at most 256 deep/],
    ['return ops.quantized.linear(x)', /quantized::linear in code\/__torch__\.py, line 6: expected an op of PyTorch itself/],
    ['a = [1]\nb = [1]\nfor i in range(60):\n  a = [a, a]\n  b = [b, b]\nreturn torch.eq(a, b)', /a list or tuple of the program/],
    ['a = [1]\nb = [1]\nfor i in range(60):\n  a = [a, a]\n  b = [b, b]\nreturn torch.format("{}", a)', /a list or tuple of the program/],
    ['a = [1]\nb = [1]\nfor i in range(60):\n  a = [a, a]\n  b = [b, b]\nreturn torch.cat(a)', /for cat, got /],
    ['a = [1]\n_0 = torch.append(a, a)\nreturn torch.format("{}", a)', /a list or tuple of the program/],
    ['return int(inf)', /a number that is finite/],
  ])('%s', (body, words) => expect(message(() => result(body))).toMatch(words));
});
