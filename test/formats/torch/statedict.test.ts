import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../../src/formats/checkpoint.ts';
import { archive, call, dict, legacy, ops, pickled, strided, text, tuple, whole } from '../../support/pickle.ts';
import { FLOATS, NONE, namesIn, opened, refused, row } from '../../support/statedicts.ts';
import { numbers } from '../../support/zip.ts';

describe('a state dict', () => {
  test('is a dict, an OrderedDict, or within a dict', async () => {
    const inner = dict({ a: row, b: row });
    const ordered = ops(call('collections', 'OrderedDict'), '(', text('a'), row, text('b'), row, 'u');
    const metadata = ops(ordered, dict({ _metadata: call('collections', 'OrderedDict') }), 'b');
    const more = dict({
      epoch: whole(3),
      lr: ops('G', numbers([8, 0])),
      flags: tuple(NONE, ops('\x88')),
      state_dict: inner,
      optimizer: dict({ x: row }),
    });
    for (const value of [inner, ordered, metadata, more, dict({ model_state_dict: inner }), dict({ model: metadata, args: NONE })])
      expect(await namesIn(value)).toEqual(['a', 'b']);
  });

  test('of Python 2 is a list of its entries', async () => {
    const pair = (name: string) => ops('](U', name.length, name, row, 'e');
    const ordered = call('collections', 'OrderedDict', ops('](', pair('a'), pair('b'), 'e'));
    expect(await namesIn(ordered)).toEqual(['a', 'b']);
    expect(
      await namesIn(ops(ordered, dict({ _metadata: call('collections', 'OrderedDict', ops('](', tuple(text(''), ops('}')), 'e')) }), 'b')),
    ).toEqual(['a', 'b']);
  });

  test('of Python 2 takes its entries over, so that many are not many times as large', async () => {
    const times = 20_000;
    const entries = Array.from({ length: times }, (_, i) => tuple(text(`k${i}`), NONE));
    const again = Object.fromEntries(Array.from({ length: times }, (_, i) => [`n${i}`, ops('h\0h\x01\x85R')]));
    const kept = { class: ops('ccollections\nOrderedDict\nq\0'), list: ops('](', ...entries, 'eq\x01') };
    expect(await namesIn(dict({ ...kept, ...again, a: row }))).toEqual(['a']);
  });

  test('may hold what is no tensor, which is passed over', async () => {
    const device = call('torch', 'device', text('cuda:0'));
    const size = call('torch', 'Size', tuple(whole(1)));
    expect(await namesIn(dict({ a: row, n: whole(1), none: NONE, list: ops(']'), device, size, dtype: ops('ctorch\nfloat32\n') }))).toEqual(
      ['a'],
    );
    expect(await namesIn(ops('}'))).toEqual([]);
  });

  test('of all names behind a wrapper is read without it', async () => {
    expect(await namesIn(dict({ 'module.a': row, 'module.b.c': row }))).toEqual(['a', 'b.c']);
    expect(await namesIn(dict({ 'module._orig_mod.module.a': row }))).toEqual(['a']);
    expect(await namesIn(dict({ 'module.a': row, b: row }))).toEqual(['module.a', 'b']);
    expect(await namesIn(dict({ modulea: row }))).toEqual(['modulea']);
    const short = strided({ key: '1', type: 'ShortStorage', length: 1, size: [1], stride: [1] });
    const { foreign, tensors } = await opened(dict({ 'module.a': row, 'module.s': short }), { 0: FLOATS, 1: new Uint8Array(2) });
    expect([[...tensors.keys()], [...(foreign?.keys() ?? [])]]).toEqual([['a'], ['s']]);
  });

  test('of Lightning is read without the name of its model', async () => {
    const state_dict = dict({ 'model.a': row, 'model.model.b': row });
    expect(await namesIn(dict({ state_dict, 'pytorch-lightning_version': text('2.0') }))).toEqual(['a', 'model.b']);
    expect(await namesIn(dict({ state_dict }))).toEqual(['model.a', 'model.model.b']);
    const other = dict({ 'model.a': row, b: row });
    expect(await namesIn(dict({ state_dict: other, 'pytorch-lightning_version': text('2.0') }))).toEqual(['model.a', 'b']);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['a tensor', row, /expected a dict of tensors by name, or a state_dict in one, got a tensor\. Save the weights alone/],
    ['a list', ops('](', row, 'e'), /got a list/],
    ['a number', whole(1), /got 1/],
    ['nothing', NONE, /got None/],
    ['a dict of others', dict({ epoch: whole(1), lists: dict({ a: row }) }), /got one of "epoch", "lists"/],
    ['tensors by number', ops('}(', whole(1), row, 'u'), /got a tensor called 1/],
    ['a list that holds itself', ops(']q\0h\0a'), /got a list/],
    ['a dict that holds itself', ops('}q\0', text('state_dict'), 'h\0s'), /got one of/],
  ])('is not %s', async (_, value, message) => expect(await refused('checkpoint', value)).toMatch(message));

  test('has one spelling of a name, as in safetensors', async () => {
    expect(await namesIn(dict({ 'x.LayerNorm.gamma': row, 'x.LayerNorm.beta': row }))).toEqual(['x.LayerNorm.weight', 'x.LayerNorm.bias']);
    expect(await refused('checkpoint', dict({ 'LayerNorm.gamma': row, 'LayerNorm.weight': row }))).toMatch(/one spelling of a LayerNorm/);
  });
});

describe('tensors that lie in a storage in any way', () => {
  const LENGTH = 40;
  const stored = Int32Array.from({ length: LENGTH }, (_, i) => i);
  /** Sizes and strides that stay within the storage. */
  const layout = fc
    .tuple(fc.array(fc.tuple(fc.nat(4), fc.nat(9)), { maxLength: 4 }), fc.nat(LENGTH))
    .map(([dims, offset]) => ({ size: dims.map(([size]) => size), stride: dims.map(([, stride]) => stride), offset }))
    .filter(({ size, stride, offset }) => size.includes(0) || size.reduce((at, dim, i) => at + (dim - 1) * stride[i], offset) < LENGTH);

  const elementsOf = ({ size, stride, offset }: { size: number[]; stride: number[]; offset: number }): number[] => {
    const [width, ...rest] = size;
    if (width === undefined) return [offset];
    return Array.from({ length: width }, (_, i) =>
      elementsOf({ size: rest, stride: stride.slice(1), offset: offset + i * stride[0] }),
    ).flat();
  };

  test('are in order, from both kinds of files and any place in memory', async () => {
    const type = { type: 'IntStorage', length: LENGTH, key: 'k' };
    const bytes = new Uint8Array(stored.buffer);
    await fc.assert(
      fc.asyncProperty(fc.array(layout, { minLength: 1, maxLength: 6 }), fc.boolean(), fc.nat(7), async (layouts, old, shift) => {
        const value = dict(Object.fromEntries(layouts.map((each, i) => [`t${i}`, strided({ ...type, ...each })])));
        const file = old ? legacy(value, { k: [LENGTH, bytes] }) : archive(pickled(value), { k: bytes });
        const shifted = new Uint8Array(file.length + shift);
        shifted.set(file, shift);
        for (const source of [shifted.subarray(shift), new Blob([file as BlobPart])]) {
          const { tensors } = await openCheckpoint(source);
          const got = [...tensors.values()].map(({ dtype, shape, data }) => [dtype, shape, [...data]]);
          expect(got).toEqual(layouts.map((each) => ['int32', each.size, elementsOf(each)]));
        }
      }),
      { numRuns: 150 },
    );
  });
});
