import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { jit, Tensor, tensor } from '../../src/index.ts';
import { altered, type Loose, type Parts } from '../support/malformed_trace.ts';
import { serialize } from '../support/safetensors.ts';
import { Block, expectSameBits, fileOf, floats, problem, tinyBert } from '../support/tiny.ts';

let bert: Uint8Array;
let block: Uint8Array;

beforeAll(async () => {
  bert = await fileOf(await jit.trace(tinyBert(), [tensor([[1, 2, 3, 4, 5]])]));
  block = await fileOf(await jit.trace(new Block(), [floats([2, 6])]));
});

const headerEnd = (file: Uint8Array): number => 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
const streamed = (file: Uint8Array): ReadableStream<Uint8Array> => new Response(file as BodyInit).body as ReadableStream<Uint8Array>;
const weight = 'embeddings.word_embeddings.weight';
const query = 'encoder.layer.0.attention.self.query.weight';
const remade = ({ tensors }: Parts, name: string, change: (tensor: Tensor) => Tensor | undefined): void => {
  const after = change(tensors.get(name) as Tensor);
  if (after) tensors.set(name, after);
  else tensors.delete(name);
};
const same = (dtype: Tensor['dtype'], shape: number[]) => (before: Tensor) => new Tensor(dtype, shape, before.data);

/** The file with `to` for `from` in its header, which is no longer, and a digest that is right. */
function reworded(file: Uint8Array, from: string, to: string): Uint8Array {
  const header = Buffer.from(file.subarray(8, headerEnd(file))).toString();
  expect(header).toContain(from);
  const unsealed = header.replace(/"digest":"\w+"/, `"digest":"${'0'.repeat(64)}"`).replace(from, to.padEnd(from.length));
  const digest = createHash('sha256').update(unsealed).digest('hex');
  const sealed = Buffer.from(unsealed.replace('0'.repeat(64), digest));
  expect(sealed.length).toBe(header.length);
  return new Uint8Array([...file.subarray(0, 8), ...sealed, ...file.subarray(headerEnd(file))]);
}

describe('a header that is sealed, but not sound', () => {
  test.each<[string, string, string, string, RegExp]>([
    ['with aliases that are no JSON', '"aliases":"{', '"aliases":"[', 'format', /aliases of .*expected a JSON object of strings, got "\[/],
    ['without aliases', '"aliases":', '"aliased":', 'format', /aliases of .*expected a JSON object of strings, got undefined/],
    ['with hashes that are no JSON', '"sha256":"{', '"sha256":"(', 'format', /sha256 of .*expected a JSON object of strings, got "\(/],
    ['without hashes', '"sha256":', '"sha512":', 'format', /sha256 of .*expected a JSON object of strings, got undefined/],
    ['without a digest', '"digest":', '"digits":', 'integrity', /header of .*match their SHA-256/],
    ['without a program', '"program":', '"progrem":', 'format', /trace: program: expected JSON, got nothing/],
    ['with a tensor that nothing computes with', '"dtype":"F32"', '"dtype":"U32"', 'format', /: expected a dtype of .*, got U32/],
  ])('%s', async (_, from, to, code, message) => {
    const error = await problem(code as 'format', () => jit.load(reworded(block, from, to)));
    expect(error.message).toMatch(message);
  });
});

describe('a file that is sealed, but not sound', () => {
  test.each<[string, (parts: Parts) => void, string, RegExp]>([
    [
      'of another format',
      ({ metadata }) => void Object.assign(metadata, { format: 'pt' }),
      'format',
      /expected a trace.*of another kind.*jit\.trace/,
    ],
    [
      'of a later version',
      ({ metadata }) => void Object.assign(metadata, { version: '5' }),
      'version',
      /expected trace version 2, 3 or 4, got 5/,
    ],
    ['of no version', ({ metadata }) => void delete metadata.version, 'version', /got none/],
    ['without code', (parts) => remade(parts, 'trace.code', () => undefined), 'format', /trace\.code: expected an int32 list, got nothing/],
    [
      'with code of two dimensions',
      (parts) => {
        parts.tensors.set('code', new Tensor('int32', [1, parts.code.length], Int32Array.from(parts.code)));
        remade(parts, 'trace.code', () => undefined);
        parts.aliases['trace.code'] = 'code';
      },
      'format',
      /trace\.code: expected an int32 list, got int32 \[1,112\]/,
    ],
    [
      'with aliases of nothing',
      ({ aliases }) => void Object.assign(aliases, { a: 'nothing' }),
      'format',
      /alias a: expected a stored tensor under a new name/,
    ],
    ['with an alias of itself', ({ aliases }) => void Object.assign(aliases, { a: 'a' }), 'format', /alias a/],
    ['with aliases in a ring', ({ aliases }) => void Object.assign(aliases, { a: 'b', b: 'a' }), 'format', /alias a/],
    ['with an alias of an alias', ({ aliases }) => void Object.assign(aliases, { a: weight, b: 'a' }), 'format', /alias b/],
    [
      'with an alias that is stored',
      ({ aliases }) => void Object.assign(aliases, { [weight]: 'trace.code' }),
      'format',
      /alias embeddings/,
    ],
    [
      'with aliases that are no text',
      ({ aliases }) => void Object.assign(aliases, { a: 3 }),
      'format',
      /aliases of .*expected a JSON object of strings/,
    ],
    [
      'with a wrong hash',
      ({ hashes }) => void Object.assign(hashes, { [weight]: '0'.repeat(64) }),
      'integrity',
      /embeddings\.word_embeddings\.weight: expected bytes that match/,
    ],
    [
      'without a weight',
      (parts) => remade(parts, weight, () => undefined),
      'format',
      /word_embeddings\.weight: expected float32 \[40,16\], got no such tensor/,
    ],
    [
      'with a weight of another dtype',
      (parts) => remade(parts, weight, ({ shape, data }) => new Tensor('int32', shape, new Int32Array(data.length))),
      'format',
      /expected float32 \[40,16\], got int32/,
    ],
    [
      'with a weight of another size',
      (parts) => remade(parts, weight, () => floats([41, 16])),
      'format',
      /expected float32 \[40,16\], got float32 \[41,16\]/,
    ],
    [
      'with int8 for floats',
      (parts) => {
        remade(parts, weight, ({ shape }) => new Tensor('int8', shape, new Int8Array(640)));
        parts.tensors.set(`${weight}.scale`, floats([40]));
      },
      'format',
      /weight: expected float32 \[40,16\], got int8 \[40,16\]/,
    ],
    [
      'with a part of another width',
      (parts) => remade(parts, query, () => floats([32, 8])),
      'format',
      /query\.weight: expected float32 \[48,16\], got float32 \[32,8\]/,
    ],
    [
      'with a part that is as large as the whole',
      (parts) => remade(parts, query, () => floats([48 * 16])),
      'format',
      /query\.weight: expected float32 \[48,16\], got float32 \[768\]/,
    ],
    [
      'with a part of whole numbers in another shape',
      (parts) => remade(parts, weight, () => new Tensor('int32', [16, 40], new Int32Array(640))),
      'format',
      /word_embeddings\.weight: expected float32 \[40,16\], got int32 \[16,40\]/,
    ],
    [
      'with a constant that is more than its parts',
      ({ program }) => program.constants.find(({ parts }: Loose) => parts.length === 3).parts.pop(),
      'format',
      /constant made of .*expected \d+ bytes/,
    ],
    [
      'with a constant in panels that is no matrix',
      ({ program }) => void Object.assign(program.constants[0], { layout: 'panels', shape: [640] }),
      'shape',
      /a weight \[n, k\]/,
    ],
    [
      'without a golden input',
      (parts) => remade(parts, 'trace.golden.in.input_ids', () => undefined),
      'format',
      /golden\.in\..*input_ids: expected int32 \[1,5\], got no such tensor/,
    ],
    [
      'with a golden output of another shape',
      (parts) => remade(parts, 'trace.golden.out.pooler_output', same('float32', [16])),
      'format',
      /pooler_output: expected float32 \[1,16\], got float32 \[16\]/,
    ],
    [
      'with a golden value too many',
      (parts) => void parts.tensors.set('trace.golden.out.more', floats([1])),
      'format',
      /golden\.out\.more: expected one of "last_hidden_state", "pooler_output"/,
    ],
  ])('%s', async (_, change, code, message) => {
    const error = await problem(code as 'format', () => jit.load(altered(bert, change)));
    expect(error.message).toMatch(message);
  });

  test('with code under another name is read all the same', async () => {
    const moved = altered(bert, ({ tensors, aliases }) => {
      tensors.set('code', tensors.get('trace.code') as Tensor);
      tensors.delete('trace.code');
      aliases['trace.code'] = 'code';
    });
    const ids = tensor([[5, 4, 3, 2, 1]]);
    expectSameBits((await jit.load(moved))(ids), (await jit.load(bert))(ids));
  });

  test('whose first result is its input', async () => {
    const changed = altered(block, ({ program, code }) => {
      code[1] = program.inputs[0].value;
    });
    expect((await problem('format', () => jit.load(changed))).message).toMatch(/results: expected each of them written once/);
  });

  test('that is no trace at all', async () => {
    const plain = new Uint8Array(Buffer.concat([...serialize([['w', floats([2])]])]));
    const error = await problem('format', () => jit.load(plain));
    expect(error.message).toMatch(/expected a trace, got a safetensors file of another kind/);
    await problem('format', () => jit.load(new Uint8Array(0)));
    await problem('format', () => jit.load(new TextEncoder().encode('PK\u0003\u0004 a torch archive, say')));
  });

  test('whose header was changed without its digest', async () => {
    const text = Buffer.from(bert).toString('latin1').replace('"tuple', '"tuplf').replace('last_hidden_state', 'lost_hidden_state');
    const error = await problem('integrity', () => jit.load(new Uint8Array(Buffer.from(text, 'latin1'))));
    expect(error.message).toMatch(/header of .*match their SHA-256/);
  });

  test('that claims more than memory holds, from a stream', async () => {
    const huge = altered(bert, () => {});
    const text = Buffer.from(huge.subarray(8, headerEnd(huge))).toString();
    const entry = `"trace.code":{"dtype":"I32","shape":[112],"data_offsets":[0,448]}`;
    expect(text).toContain(entry);
    const claimed = `{"trace.code":{"dtype":"I32","shape":[${2 ** 50}],"data_offsets":[0,${2 ** 52}]},"__metadata__":{"format":"tracelet","version":"2","aliases":"{}","sha256":"{}","program":"{}","digest":"${'0'.repeat(64)}"}}`;
    const json = claimed.replace('0'.repeat(64), createHash('sha256').update(claimed).digest('hex'));
    const head = new Uint8Array(8 + json.length);
    new DataView(head.buffer).setBigUint64(0, BigInt(json.length), true);
    head.set(Buffer.from(json), 8);
    const error = await problem('memory', () => jit.load(streamed(head)));
    expect(error.message).toMatch(/trace\.code: expected room for int32/);
  });
});

describe('damage', () => {
  test('cut anywhere', async () => {
    const end = headerEnd(block);
    const cuts = [0, 1, 7, 8, 9, 100, end - 1, end, end + 1, end + 100, block.length - 1];
    for (const cut of cuts) {
      await problem('format', () => jit.load(block.subarray(0, cut)));
      await problem('format', () => jit.load(streamed(block.subarray(0, cut))));
    }
  });

  test('bytes behind the end', async () => {
    const longer = new Uint8Array([...block, 0]);
    for (const source of [longer, streamed(longer)])
      expect((await problem('format', () => jit.load(source))).message).toMatch(/trailing bytes behind the last tensor/);
  });

  test('every early piece wrong rejects once, and nothing else', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    const wrong = bert.slice();
    for (let i = headerEnd(bert); i < bert.length; i += 64) wrong[i] ^= 1;
    let at = 0;
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (at >= wrong.length) controller.close();
        else controller.enqueue(wrong.subarray(at, at + 1500));
        at += 1500;
      },
    });
    await problem('integrity', () => jit.load(slow));
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  test('a random bit or cut never loads', async () => {
    const broken = fc.oneof(
      fc.record({ at: fc.nat(block.length - 1), bit: fc.nat(7) }).map(({ at, bit }) => block.with(at, block[at] ^ (1 << bit))),
      fc.nat(block.length - 1).map((length) => block.slice(0, length)),
      fc
        .record({ at: fc.nat(headerEnd(block)), byte: fc.nat(255) })
        .filter(({ at, byte }) => block[at] !== byte)
        .map(({ at, byte }) => block.with(at, byte)),
    );
    await fc.assert(
      fc.asyncProperty(broken, async (bytes) => {
        const error = await jit.load(bytes).catch((caught) => caught);
        expect(error).toMatchObject({ name: 'TraceletError' });
      }),
      { numRuns: 1500 },
    );
  });
});
