import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../src/base/error.ts';
import { parseFile } from '../../src/torchscript/code/parser.ts';
import type { FileCode } from '../../src/torchscript/code/syntax.ts';
import { message } from '../support/message.ts';

const parse = (text: string, left = 100_000): FileCode => parseFile(text, 'code/x.py', { left });

const CLASS = `class BertLayer(Module):
  __parameters__ = ["weight", "bias", ]
  __buffers__ = []
  weight : Tensor
  training : bool
  eps : Final[float] = 1.0000000000000001e-05
  __annotations__["0"] = __torch__.torch.nn.modules.linear.___torch_mangle_7.Linear
  def forward(self: __torch__.BertLayer,
    hidden_states: Tensor,
    mask: Optional[Tensor]=None) -> Tuple[Tensor, Tensor]:
    weight = self.weight
    return (torch.linear(hidden_states, weight), mask)
  def forward1(self: __torch__.BertLayer) -> NoneType:
    pass
`;

describe('a file of printed code', () => {
  test('has classes with methods, attributes and lists of names', () => {
    const { classes, functions } = parse(`op_version_set = 1\nimport __torch__.a\n${CLASS}def f(x: int) -> int:\n  return x\n`);
    const code = classes.get('BertLayer');
    expect(code?.base).toBe('Module');
    expect([...(code?.methods.keys() ?? [])]).toEqual(['forward', 'forward1']);
    expect(code?.lists.get('__parameters__')).toEqual(['weight', 'bias']);
    expect(code?.fields.map(({ target }) => (target.kind === 'name' ? target.name : target.kind))).toEqual([
      'weight',
      'training',
      'eps',
      '0',
    ]);
    expect(code?.methods.get('forward')).toMatchObject({
      line: 10,
      parameters: [{ name: 'self' }, { name: 'hidden_states' }, { name: 'mask', value: { value: null } }],
    });
    expect(functions.get('f')?.line).toBe(17);
  });

  test('may have tabs, carriage returns, comments and no end of the last line', () =>
    expect([...parse('def f() -> int:\r\n\treturn 1 # so\r\n\r\n# more\r\ndef g() -> int:\r\n\treturn 2').functions.keys()]).toEqual([
      'f',
      'g',
    ]));

  test('counts lines also within brackets and strings', () =>
    expect(
      parse('def f() -> str:\n  a = [\n    1,\n  ]\n  return a\n')
        .functions.get('f')
        ?.body.map(({ line }) => line),
    ).toEqual([2, 5]));

  test.each([
    ['x = 1\n', /line 1: expected a class or a function, got "x"/],
    ['def f( -> int:\n  return 1\n', /line 1: expected a name, got "->"/],
    ['def f() -> int:\n  return (1\n', /expected "," or "\)", got the end of the file/],
    ['def f() -> int:\n  return [1 2]\n', /line 2: expected "," or "\]", got "2"/],
    ['def f() -> int:\n  return 1 + 2\n', /line 2: expected printed code of TorchScript, got "\+"/],
    ['def f() -> int:\n  return g(a=1, 2)\n', /arguments by name behind those by position/],
    ['def f() -> int:\n    a = 1\n  b = 2\n', /expected a line that is not indented|indented by 4/],
    ['def f() -> int:\n  return {1: 2, 3}\n', /expected ":"/],
    ['def f() -> int:\n  a, b\n  c\n', /expected "=", got the end of the line/],
    ['def f() -> int:\n  return "a\n', /printed code of TorchScript/],
    ['def f() -> int:\n  return -a\n', /expected a number, got "a"/],
    ['class A:\n  return 1\n', /expected an attribute or a method/],
    ['class A:\n  pass\nclass A:\n  pass\n', /every name once, got A twice/],
    [`def f() -> int:\n  return ${'['.repeat(300)}\n`, /brackets at most 200 deep/],
    [`def f() -> int:\n  return a${'.b'.repeat(300)}\n`, /in a row/],
    [`def f() -> int:\n${Array.from({ length: 150 }, (_, i) => `${' '.repeat(i + 1)}if a:\n`).join('')}`, /blocks at most 100 deep/],
  ])('%j is an error with its line', (text, words) => expect(message(() => parse(text))).toMatch(words));

  test('has only so many words', () => expect(message(() => parse(CLASS, 20))).toMatch(/code of fewer words in all/));
});

test('whatever words stand in it, it is read or refused', () => {
  const words = [
    'def',
    'class',
    'return',
    'if',
    'else:',
    'for',
    'in',
    'while',
    'f',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ':',
    ',',
    '=',
    '.',
    '->',
    '-',
    '1',
    '2.5',
    '"a"',
    'None',
    '\n',
    '\n  ',
    '\n    ',
    '\t',
    '#',
    '"',
    "'",
    '\\',
    '€',
    'pass',
    '@',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 60 }), fc.boolean(), (parts, whole) => {
      const text = whole ? `${CLASS}def f() -> int:\n  return ${parts.join(' ')}\n` : parts.join(' ');
      try {
        parse(text);
      } catch (error) {
        expect(error).toBeInstanceOf(TraceletError);
        expect((error as TraceletError).code).toBe('format');
        expect((error as TraceletError).message).toMatch(/code\/x\.py, line \d+/);
      }
    }),
    { numRuns: 3000 },
  );
});
