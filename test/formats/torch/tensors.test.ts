import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../../src/formats/checkpoint.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { archive, call, dict, type Layout, ops, pickled, strided, text, tuple, whole } from '../../support/pickle.ts';
import { FLOATS, locate, NONE, opened, plain, refused, row } from '../../support/statedicts.ts';

/** Two numbers of a storage, of which their view says something. */
const viewed = (what: string): Uint8Array => {
  const id = tuple(text('storage'), ops('ctorch\nFloatStorage\n'), text('0'), text('cpu'), whole(16));
  const hooks = [ops('\x89'), call('collections', 'OrderedDict')];
  return call(
    'torch._utils',
    '_rebuild_tensor_v2',
    ops(id, 'Q'),
    whole(0),
    tuple(whole(2)),
    tuple(whole(1)),
    ...hooks,
    dict({ [what]: ops('\x88') }),
  );
};

describe('a tensor', () => {
  const tensorOf = async (layout: Layout) => (await opened(dict({ t: strided(layout) }))).tensors.get('t') as Tensor;

  test.each<[string, Layout, unknown]>([
    [
      'in order',
      { size: [2, 3], stride: [3, 1], offset: 4 },
      [
        [4, 5, 6],
        [7, 8, 9],
      ],
    ],
    [
      'transposed',
      { size: [3, 2], stride: [1, 3] },
      [
        [0, 3],
        [1, 4],
        [2, 5],
      ],
    ],
    [
      'in steps',
      { size: [2, 2], stride: [8, 3], offset: 1 },
      [
        [1, 4],
        [9, 12],
      ],
    ],
    [
      'expanded',
      { size: [2, 3], stride: [0, 1] },
      [
        [0, 1, 2],
        [0, 1, 2],
      ],
    ],
    [
      'a number, expanded',
      { size: [2, 2], stride: [0, 0], offset: 15 },
      [
        [15, 15],
        [15, 15],
      ],
    ],
    [
      'of many dimensions',
      { size: [2, 1, 2, 2], stride: [1, 9, 8, 2] },
      [
        [
          [
            [0, 2],
            [8, 10],
          ],
        ],
        [
          [
            [1, 3],
            [9, 11],
          ],
        ],
      ],
    ],
    ['a number', { size: [], stride: [], offset: 7 }, 7],
    ['of one element, whatever its stride', { size: [1, 1], stride: [99, 2 ** 40], offset: 15 }, [[15]]],
    ['empty', { size: [0, 4], stride: [4, 1], offset: 16 }, []],
    ['empty, whatever its strides', { size: [3, 0], stride: [2 ** 40, 7] }, [[], [], []]],
    [
      'over itself',
      { size: [3, 2], stride: [1, 1] },
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    ],
  ])('%s', async (_, layout, wanted) => expect((await tensorOf(layout)).tolist()).toEqual(wanted));

  test('of the same elements under two names is one, and others are views on the same bytes', async () => {
    const bytes = archive(pickled(dict({ a: strided(), b: strided(), c: strided({ size: [2, 8], stride: [8, 1] }), d: row })), {
      0: FLOATS,
    });
    const aligned = new Uint8Array(bytes.length + 4);
    const begin = (4 - (locate(bytes) % 4)) % 4;
    aligned.set(bytes, begin);
    const { tensors } = await openCheckpoint(aligned.subarray(begin, begin + bytes.length));
    expect(tensors.get('a')).toBe(tensors.get('b'));
    expect(tensors.get('a')).not.toBe(tensors.get('c'));
    for (const name of ['a', 'c', 'd']) expect(tensors.get(name)?.data.buffer).toBe(aligned.buffer);
  });

  test.each<[string, Layout, RegExp]>([
    ['behind its storage', { offset: 8 }, /expected a tensor within the 16 elements of storage 0, got \[4,4\] by \[4,1\] from 8 on/],
    ['that begins behind it', { offset: 17, size: [0], stride: [1] }, /expected a tensor within the 16 elements/],
    ['with a stride beyond it', { stride: [2 ** 30, 1] }, /expected a tensor within the 16 elements/],
    ['with a vast stride', { stride: [2 ** 52, 2 ** 52] }, /expected a tensor within the 16 elements/],
    ['with a negative offset', { offset: -1 }, /expected an offset that is a whole number from 0, got -1/],
    [
      'with a negative size',
      { size: [-4, 4] },
      /expected at most 64 dimensions and as many strides, whole numbers from 0, got \[-4,4\] and \[4,1\]/,
    ],
    ['with a negative stride', { stride: [-4, 1] }, /and \[-4,1\]/],
    ['with too few strides', { stride: [1] }, /\[4,4\] and \[1\]/],
    ['with too many dimensions', { size: new Array(65).fill(1), stride: new Array(65).fill(1) }, /at most 64 dimensions/],
    ['with too many elements', { size: [2 ** 20, 2 ** 20], stride: [0, 0] }, /expected a tensor of at most 2147483647 elements/],
    [
      'of a large part of nothing',
      { size: [2 ** 30], stride: [0] },
      /tensor "t" of bytes: expected tensors of at most 2 times the elements/,
    ],
    ['of a storage that is not there', { key: '1' }, /expected 64 bytes in "data\/1", got no such record/],
    ['of a storage elsewhere', { key: '../version' }, /expected 64 bytes in "data\/\.\.\/version", got no such record/],
    ['of a longer storage', { length: 17 }, /expected 68 bytes in "data\/0", got 64/],
    ['of a shorter storage', { length: 15, size: [1], stride: [1] }, /expected 60 bytes in "data\/0", got 64/],
    ['of another storage', { type: 'DoubleStorage' }, /expected 128 bytes in "data\/0", got 64/],
    [
      'of a negative length',
      { length: -16 },
      /expected the id of a storage: its type, key, device and length, got \("storage", torch\.FloatStorage, "0", "cpu", -16\)/,
    ],
    ['of a vast storage', { length: 2 ** 52 }, /expected a storage of a sensible length/],
  ])('%s is refused', async (_, layout, message) => expect(await refused('format', dict({ t: strided(layout) }))).toMatch(message));

  test('is copied no more often than is sensible, whatever its names', async () => {
    const columns = (offset: number): Uint8Array =>
      strided({ key: '1', type: 'HalfStorage', length: 2 ** 19, offset, size: [2 ** 18], stride: [1] });
    const half = { 0: FLOATS, 1: new Uint8Array(2 ** 20) };
    const some = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`t${i}`, columns(i)]));
    expect((await opened(dict(some), half)).tensors.size).toBe(8);
    expect(await refused('format', dict({ ...some, t8: columns(8) }), half)).toMatch(
      /tensor "t8" of bytes: .*, got 262144 elements more\. Save the model/,
    );
    const same = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`t${i}`, columns(0)]));
    expect((await opened(dict(same), half)).tensors.size).toBe(99);
  });

  test.each<[string, Uint8Array]>([
    [
      '_rebuild_tensor',
      call(
        'torch._utils',
        '_rebuild_tensor',
        ops(tuple(text('storage'), ops('ctorch\nFloatStorage\n'), text('0'), text('cpu'), whole(16)), 'Q'),
        whole(0),
        tuple(whole(2)),
        tuple(whole(1)),
      ),
    ],
    ['_rebuild_parameter', call('torch._utils', '_rebuild_parameter', row, ops('\x88'), call('collections', 'OrderedDict'))],
    ['_rebuild_parameter_with_state', call('torch._utils', '_rebuild_parameter_with_state', row, ops('\x88'), ops('}'), ops('}'))],
    ['Parameter', call('torch.nn.parameter', 'Parameter', row, ops('\x88'))],
    [
      '_rebuild_from_type_v2',
      call(
        'torch._tensor',
        '_rebuild_from_type_v2',
        ops('ctorch._utils\n_rebuild_parameter\n'),
        ops('ctorch.nn.parameter\nParameter\n'),
        tuple(row, ops('\x88'), ops('}')),
        ops('}'),
      ),
    ],
  ])('may be made by %s', async (_, value) =>
    expect(plain((await opened(dict({ t: value }))).tensors)).toEqual({ t: ['float32', [2], [0, 1]] }),
  );

  test.each<[string, Uint8Array, RegExp]>([
    ['of no storage', call('torch._utils', '_rebuild_tensor_v2', NONE, whole(0), tuple(), tuple()), /expected a storage, got None/],
    ['of nothing', call('torch._utils', '_rebuild_tensor_v2'), /expected a storage, got undefined/],
    [
      'of the opposites of what is stored',
      viewed('neg'),
      /expected elements as they are stored, got a view that stands for their opposites/,
    ],
    ['of a parameter of nothing', call('torch._utils', '_rebuild_parameter', NONE), /expected a tensor, got None/],
    [
      'of another call',
      call('torch._tensor', '_rebuild_from_type_v2', ops('ctorch\nSize\n'), NONE, tuple(tuple()), NONE),
      /expected what makes a tensor, and its arguments, got torch\.Size and a tuple/,
    ],
    [
      'of itself',
      call('torch._tensor', '_rebuild_from_type_v2', ops('ctorch._tensor\n_rebuild_from_type_v2\n'), NONE, tuple(), NONE),
      /expected what makes a tensor/,
    ],
    ['of a size that is none', call('torch', 'Size', NONE), /expected a tuple of sizes, got None/],
    ['of a dict with arguments', call('collections', 'OrderedDict', NONE), /expected a list of entries, or nothing, got None/],
    ['of a dict of one', call('collections', 'OrderedDict', ops('](](', whole(1), 'ee')), /expected a text and a value, got a list/],
    [
      'of a dict of numbers',
      call('collections', 'OrderedDict', ops('](', tuple(whole(1), NONE), 'e')),
      /expected a text and a value, got a tuple/,
    ],
    ['of the id of a module', ops(tuple(text('module'), NONE), 'Q'), /expected the id of a storage: .*, got \("module", None\)/],
    ['of no id', ops('NQ'), /expected the id of a storage: .*, got None/],
    ['of a class', ops('ctorch\nTensor\n)R'), /expected something that can be called, got torch\.Tensor/],
    [
      'of a dict whose state is another',
      ops('}', dict({ __setstate__: whole(1) }), 'b'),
      /expected something that takes this state, got a dict/,
    ],
    ['of a tensor with a state', ops(row, '}b'), /expected something that takes this state, got a tensor/],
  ])('%s is refused', async (_, value, message) => expect(await refused('format', dict({ t: value }))).toMatch(message));

  test.each([
    'posix system',
    'torch load',
    'builtins getattr',
    'torch.storage _load_from_bytes',
    'torch._utils _rebuild_qtensor',
    '__main__ Net',
    'numpy dtype',
  ])('of %s is refused by its name', async (name) => {
    const [module, each] = name.split(' ');
    expect(await refused('unsupported', dict({ t: call(module, each) }))).toContain(
      `data.pkl of bytes, byte 10: expected names of what a state_dict is made of, got "${module}.${each}". Nothing else that a file names is made or run here`,
    );
  });
});
