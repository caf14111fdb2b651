import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../../src/base/error.ts';
import { openCheckpoint } from '../../../src/formats/checkpoint.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { archive, dict, ops, pickled, strided } from '../../support/pickle.ts';
import { FLOATS, locate, plain, row } from '../../support/statedicts.ts';
import { problem } from '../../support/tiny.ts';
import { zipOf } from '../../support/zip.ts';

describe('an archive', () => {
  const value = pickled(dict({ a: row }));
  const kinds: [string, string[], string][] = [
    [
      'TorchScript',
      ['x/data.pkl', 'x/constants.pkl', 'x/code/__torch__.py', 'x/version'],
      'got a TorchScript archive. jit.load(path) traces it. Or save its weights in Python: torch.save(torch.jit.load',
    ],
    ['TorchScript before 1.4', ['x/version', 'x/model.json', 'x/tensors/0'], 'got a TorchScript archive'],
    [
      'torch.export',
      ['x/archive_format', 'x/models/model.json'],
      'got a program of torch.export. jit.load(path) traces it. Or save its weights in Python: torch.save(torch.export.load',
    ],
    ['torch.export before 2.8', ['version', 'serialized_exported_program.json'], 'got a program of torch.export'],
    ['mobile devices', ['x/data.pkl', 'x/bytecode.pkl', 'x/constants.pkl'], 'got an archive for mobile devices'],
  ];
  test.each(kinds)('of %s is refused by its name', async (_, names, message) => {
    const error = await problem('unsupported', () => openCheckpoint(zipOf(names.map((name) => ({ name })))));
    expect(error.message).toContain(`bytes: expected a file of torch.save, ${message}`);
  });

  test.each<[string, Uint8Array, string]>([
    [
      'zip file of others',
      zipOf([{ name: 'word/document.xml' }]),
      'bytes: expected an archive of PyTorch, got a zip file with "word/document.xml"',
    ],
    ['zip file of nothing', zipOf([]), 'bytes: expected an archive of PyTorch, got an empty zip file'],
    [
      'zip file of two folders',
      zipOf([{ name: 'x/data.pkl' }, { name: 'y/data/0' }]),
      'bytes: expected an archive of PyTorch, got a zip file with "x/data.pkl"',
    ],
  ])('is no %s', async (_, bytes, message) => expect((await problem('format', () => openCheckpoint(bytes))).message).toBe(message));

  test('has a version and an order of bytes', async () => {
    const version = (content: string) =>
      zipOf([
        { name: 'a/data.pkl', content: value },
        { name: 'a/data/0', content: FLOATS },
        { name: 'a/version', content: new TextEncoder().encode(content) },
      ]);
    for (const sound of ['1', '3\n', '10']) expect((await openCheckpoint(version(sound))).tensors.size).toBe(1);
    for (const wrong of ['0', '11', '', 'x', '-1', '1.5', '9'.repeat(400)])
      expect((await problem('version', () => openCheckpoint(version(wrong)))).message).toMatch(
        /^bytes: expected an archive of version 1 to 10, got "/,
      );
    const order = (content: string) =>
      archive(value, { 0: FLOATS }, [{ name: 'archive/byteorder', content: new TextEncoder().encode(content) }]);
    expect((await openCheckpoint(order('little'))).tensors.size).toBe(1);
    expect((await problem('unsupported', () => openCheckpoint(order('big')))).message).toMatch(/expected little-endian numbers, got "big"/);
    expect(
      (
        await openCheckpoint(
          zipOf([
            { name: 'a/data.pkl', content: value },
            { name: 'a/data/0', content: FLOATS, deflated: true },
          ]),
        )
      ).tensors.size,
    ).toBe(1);
  });

  test('has a pickle that matches its CRC; of tensors nothing is said', async () => {
    const file = (of: 'pickle' | 'data', crc: number) =>
      zipOf([
        { name: 'a/data.pkl', content: value, ...(of === 'pickle' && { crc }) },
        { name: 'a/data/0', content: FLOATS, ...(of === 'data' && { crc }) },
      ]);
    for (const sound of [file('data', 1), file('data', 0), file('pickle', 0)]) expect((await openCheckpoint(sound)).tensors.size).toBe(1);
    expect((await problem('format', () => openCheckpoint(file('pickle', 1)))).message).toMatch(
      /data\.pkl of bytes: expected bytes that match their CRC-32/,
    );
  });

  test('with a byte that is changed outside of tensors is an error, or the same', async () => {
    const bytes = archive(pickled(dict({ a: strided(), 'b.c': row })), { 0: FLOATS }, [
      { name: 'archive/byteorder', content: new TextEncoder().encode('little') },
    ]);
    const wanted = plain((await openCheckpoint(bytes)).tensors);
    const data = locate(bytes);
    for (let at = 0; at < bytes.length; at++)
      for (const flip of [1, 0x80, 0xff]) {
        const changed = bytes.slice();
        changed[at] ^= flip;
        const read = await openCheckpoint(changed).catch((error: unknown) => error);
        if (read instanceof Error) expect(read, `byte ${at}`).toBeInstanceOf(TraceletError);
        else if (at < data || at >= data + FLOATS.length)
          expect(plain((read as { tensors: Map<string, Tensor> }).tensors), `byte ${at}`).toEqual(wanted);
      }
  });
});

test.each([
  ['PYTORCH1 and more', 'a PyTorch file of a format that was given up before 1.0'],
  ['\x20\0\0\0PTMF', 'a PyTorch model for mobile devices'],
  ['sys_info\0\0\0', 'a tar file of PyTorch before 0.2'],
])('%j is refused by what it is', async (begin, what) => {
  const { message } = await problem('unsupported', () => openCheckpoint(ops(begin, new Uint8Array(600))));
  expect(message).toBe(
    `bytes: expected a checkpoint, got ${what}. Save the weights of the model in Python: torch.save(model.state_dict(), "pytorch_model.bin")`,
  );
});
