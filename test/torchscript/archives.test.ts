import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../src/base/error.ts';
import { openScript } from '../../src/torchscript/index.ts';
import type { ScriptModule } from '../../src/torchscript/module.ts';
import { dict, ops, strided, text, tuple, whole } from '../support/pickle.ts';
import { call, float, object, type ScriptParts, scriptArchive } from '../support/script.ts';
import { zipOf } from '../support/zip.ts';

const FLOATS = new Uint8Array(Float32Array.from({ length: 16 }, (_, i) => i / 8).buffer);
const CODE = `class M(Module):
  __parameters__ = ["weight", ]
  __buffers__ = ["ids", ]
  weight : Tensor
  ids : Tensor
  fc : __torch__.Inner
  def forward(self: __torch__.M,
    x: Tensor,
    mask: Optional[Tensor]=None) -> Tensor:
    return x
class Inner(Module):
  __parameters__ = ["weight", "bias", ]
  weight : Tensor
  bias : NoneType
`;
const IDS = strided({ key: '1', type: 'LongStorage', length: 2, size: [2], stride: [1] });
const INNER = object('__torch__.Inner', { weight: strided({ size: [2, 2], stride: [2, 1], offset: 4 }), bias: ops('N') });
const STORAGES = { 0: FLOATS, 1: new Uint8Array(16) };

const open = (parts: ScriptParts): Promise<ScriptModule> =>
  openScript(
    scriptArchive({
      code: { __torch__: CODE },
      data: object('__torch__.M', { training: ops('\x89'), weight: strided(), ids: IDS, fc: INNER }),
      storages: STORAGES,
      ...parts,
    }),
    'm.pt',
  );

async function problem(opening: Promise<unknown>): Promise<string> {
  const error = await opening.then(
    () => new Error('it opened'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TraceletError);
  return `${(error as TraceletError).code}: ${(error as TraceletError).message}`;
}

describe('an archive of torch.jit.save', () => {
  test('has parameters by name, inputs, code and extra files', async () => {
    const module = await open({ traced: [[2, 3]], extra: { 'vocab.txt': '[PAD]\n', 'a/b.json': '{}' } });
    expect([...module.named_parameters()].map(([name, { shape }]) => [name, [...shape]])).toEqual([
      ['weight', [4, 4]],
      ['fc.weight', [2, 2]],
    ]);
    expect(Array.from((module as unknown as { fc: { weight: { data: Float32Array } } }).fc.weight.data)).toEqual([0.5, 0.625, 0.75, 0.875]);
    expect(module.input_names).toEqual(['x', 'mask']);
    expect(module.code).toContain('class M(Module)');
    expect([...module.files.keys()]).toEqual(['vocab.txt', 'a/b.json']);
    expect(String(module)).toContain('(fc): ScriptPart()');
  });

  test('says which inputs it was traced with, if it says one for each', async () => {
    expect(
      (
        await open({
          traced: [
            [2, 3],
            [2, 3],
          ],
        })
      ).example_inputs,
    ).toEqual([
      { name: 'x', dtype: 'int64', shape: [2, 3] },
      { name: 'mask', dtype: 'int64', shape: [2, 3] },
    ]);
    expect((await open({ traced: [[2, 3]] })).example_inputs).toBeUndefined();
    expect((await open({})).example_inputs).toBeUndefined();
  });

  test('may have its weights in constants', async () => {
    const module = await open({
      constants: [strided({ size: [16], stride: [1] }), float(1), strided({ size: [], stride: [] })],
      constantStorages: { 0: FLOATS },
    });
    expect([...module.named_parameters()].map(([name]) => name)).toEqual(['weight', 'fc.weight', 'CONSTANTS.c0']);
  });

  test('has one array for weights of the same elements, and a parameter for each name', async () => {
    const shared = strided({ size: [2, 2], stride: [2, 1] });
    const module = await open({
      data: object('__torch__.M', { weight: shared, ids: IDS, fc: object('__torch__.Inner', { weight: shared, bias: ops('N') }) }),
    });
    const [[, first], [, second]] = [...module.named_parameters()];
    expect(first).not.toBe(second);
    expect(first.elements).toBe(second.elements);
  });

  test('holds a module that lies in two places once', async () => {
    const twice = ops(object('__torch__.Inner', { weight: strided(), bias: ops('N') }), 'q\x07');
    const module = await open({ data: object('__torch__.M', { fc: twice, again: ops('h\x07') }) });
    expect([...module.named_parameters()].map(([name]) => name)).toEqual(['fc.weight']);
  });

  test('keeps half of a float as it is', async () => {
    const half = strided({ type: 'HalfStorage', length: 4, size: [4], stride: [1] });
    const module = await open({
      data: object('__torch__.M', { weight: half }),
      storages: { 0: new Uint8Array(Uint16Array.from([0x3c00, 0x4000, 0xc000, 0]).buffer) },
    });
    const [[, { storedAs, data }]] = [...module.named_parameters()];
    expect(storedAs).toBe('float16');
    expect(Array.from(data)).toEqual([1, 2, -2, 0]);
  });
});

const entry = (name: string, content = '') => ({ name: `m/${name}`, content: new TextEncoder().encode(content) });

describe('is refused', () => {
  test.each<[string, ScriptParts, RegExp]>([
    ['a command in data.pkl', { data: call('os', 'system', text('echo no')) }, /^unsupported: data\.pkl of m\.pt, byte \d+: .*os\.system/],
    [
      'a command by STACK_GLOBAL',
      { data: ops(text('posix'), text('system'), '\x93', tuple(text('x')), 'R') },
      /^unsupported: .*posix\.system/,
    ],
    ['a builtin', { data: call('builtins', 'eval', text('1')) }, /^unsupported: .*builtins\.eval/],
    ['another mark of torch.jit', { data: call('torch.jit._pickle', 'run', text('1')) }, /^unsupported: .*torch\.jit\._pickle\.run/],
    ['an object with arguments', { data: ops('c__torch__\nM\n', tuple(whole(1)), '\x81') }, /^format: .*1 arguments/],
    ['a state that is no dict', { data: ops('c__torch__\nM\n)\x81', tuple(whole(1)), 'b') }, /^unsupported: .*__setstate__/],
    ['no object', { data: dict({}) }, /^format: .*a module in data\.pkl/],
    ['a class that is nowhere', { data: object('__torch__.a.Nowhere') }, /^format: __torch__\.a\.Nowhere: expected a class in the code/],
    [
      'a part of a class that is nowhere',
      { data: object('__torch__.M', { fc: object('__torch__.Nowhere') }) },
      /^format: __torch__\.Nowhere/,
    ],
    [
      'constants that are no tuple',
      { others: [], constants: [], code: { __torch__: CODE.replace('def forward', 'def backward') } },
      /^unsupported: m\.pt: expected a module with a method forward, got one with backward/,
    ],
    ['a storage that is not there', { storages: {} }, /^format: .*expected 64 bytes in "data\/0", got no such record/],
    [
      'a storage of another size',
      { storages: { 0: FLOATS.subarray(4), 1: new Uint8Array(16) } },
      /^format: .*expected 64 bytes in "data\/0", got 60/,
    ],
    [
      'a tensor beyond its storage',
      { data: object('__torch__.M', { weight: strided({ size: [5, 5], stride: [4, 1] }) }) },
      /^format: .*within the 16 elements/,
    ],
    ['strides below zero', { data: object('__torch__.M', { weight: strided({ stride: [-4, 1] }) }) }, /^format: .*whole numbers from 0/],
    [
      'a tensor that is larger than its storage by strides of 0',
      { data: object('__torch__.M', { weight: strided({ size: [30000, 30000], stride: [0, 0] }) }) },
      /^format: .*at most 2 times the elements/,
    ],
    [
      'an input that is a number',
      { code: { __torch__: CODE.replace('x: Tensor', 'n: int') } },
      /^unsupported: code\/__torch__\.py, line 7: input n: expected a tensor, got int/,
    ],
    ['an input that is a list', { code: { __torch__: CODE.replace('x: Tensor', 'n: List[Tensor]') } }, /got List\[Tensor\]/],
    [
      'code that is no text',
      { code: {}, others: [{ name: 'm/code/__torch__.py', content: Uint8Array.of(0x63, 0xff) }] },
      /^format: code\/__torch__\.py of m\.pt: expected text in UTF-8/,
    ],
    ['code that is none', { code: { __torch__: 'import os; os.system("x")' } }, /^format: code\/__torch__\.py, line 1/],
    [
      'a part called as a method is',
      { data: object('__torch__.M', { forward: INNER }) },
      /^unsupported: forward: expected parts with other names/,
    ],
  ])('%s', async (_, parts, words) => expect(await problem(open(parts))).toMatch(words));

  test.each([
    [
      'a later version',
      [entry('data.pkl'), entry('constants.pkl'), entry('code/a.py'), entry('version', '11\n')],
      /^version: m\.pt: expected an archive of version 1 to 10, got "11"/,
    ],
    [
      'another byte order',
      [entry('data.pkl'), entry('constants.pkl'), entry('code/a.py'), entry('byteorder', 'big')],
      /^unsupported: .*little-endian/,
    ],
    ['an archive for mobile devices', [entry('bytecode.pkl'), entry('data.pkl')], /^unsupported: .*archive for mobile devices/],
    ['a checkpoint', [entry('data.pkl'), entry('version', '3\n')], /^unsupported: .*got a file of torch\.save/],
    ['another zip file', [entry('a.txt')], /^format: .*an archive of PyTorch/],
  ])('%s', async (_, files, words) => expect(await problem(openScript(zipOf(files), 'm.pt'))).toMatch(words));

  test.each([
    ['a file before 1.0', 'PYTORCH1....'],
    ['a model for mobile devices', '....PTMF....'],
    ['a tar file', 'sys_info....'],
  ])('%s', async (_, begins) =>
    expect(await problem(openScript(new TextEncoder().encode(begins), 'm.pt'))).toMatch(/^unsupported: m\.pt: expected .*got a/),
  );

  test('a pickle before 1.6', async () =>
    expect(await problem(openScript(ops('\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.'), 'm.pt'))).toMatch(
      /^unsupported: .*torch\.save/,
    ));

  test('modules within modules without end', async () => {
    const parts = { data: ops('c__torch__\nM\n)\x81q\0', '}(', text('fc'), 'h\0', 'ub') };
    expect([...(await open(parts)).named_parameters()]).toEqual([]);
  });

  test('lists that double', async () => {
    const doubled = Array.from({ length: 60 }, (_, i) => ops(']q', i + 1, '(h', i, 'h', i, 'e')).reduce(
      (all, each) => ops(all, each),
      ops(']q\0'),
    );
    const module = await open({ data: object('__torch__.M', { many: ops(...[doubled], '0'.repeat(0)) }) }).catch((error) => error);
    expect(module).toBeDefined();
  });
});
