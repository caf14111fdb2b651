import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { encodeTrace } from '../../src/formats/trace.ts';
import { BertForMaskedLM, F, full, jit, nn, openCheckpoint, type Tensor, type TracedModule, tensor } from '../../src/index.ts';
import { DTYPES } from '../../src/tensor/dtype.ts';
import { Computed, expectSameBits, fileOf, floats, problem, tinyBert, tinyConfig } from '../support/tiny.ts';

const ids = tensor([[1, 2, 3, 4, 5]]);
let traced: TracedModule;
let file: Uint8Array;
/** Holds nothing but the directory: what is made beside that is seen. */
let root: string;
let directory: string;
const at = (name: string): string => join(directory, name);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'trace-'));
  directory = join(root, 'traces');
  await mkdir(directory);
  traced = await jit.trace(tinyBert(), [ids]);
  file = await fileOf(traced);
});
afterAll(() => rm(root, { recursive: true }));

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(Buffer.from(b));

function streamOf(bytes: Uint8Array, sizes: readonly number[]): ReadableStream<Uint8Array> {
  let begin = 0;
  let turn = 0;
  return new ReadableStream({
    pull(controller) {
      if (begin >= bytes.length) return controller.close();
      const end = begin + sizes[turn++ % sizes.length];
      controller.enqueue(bytes.subarray(begin, end));
      begin = end;
    },
  });
}

const textsOf = (bytes: Uint8Array) => new Blob([bytes as BlobPart]).stream().pipeThrough(new TextDecoderStream('latin1'));

function moved(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  structuredClone(copy.buffer, { transfer: [copy.buffer as ArrayBuffer] });
  return copy;
}

describe('a trace comes back', () => {
  const cases: [string, () => Parameters<typeof jit.load>[0] | Promise<Parameters<typeof jit.load>[0]>][] = [
    ['bytes', () => file],
    ['bytes within others', () => new Uint8Array([1, ...file, 1]).subarray(1, -1)],
    ['an ArrayBuffer', () => file.slice().buffer as ArrayBuffer],
    ['a Response', () => new Response(file as BodyInit)],
    ['a stream', () => streamOf(file, [file.length])],
    ['a stream of single bytes', () => streamOf(file, [1])],
    ['a stream of odd pieces, some empty', () => streamOf(file, [7, 0, 1, 4093, 0, 13])],
    ['a path', () => at('a.tracelet')],
    ['a file: URL', () => pathToFileURL(at('a.tracelet'))],
    ['a file: URL as text', () => pathToFileURL(at('a.tracelet')).href],
  ];

  test.each(cases)('from %s', async (_, source) => {
    await jit.save(traced, at('a.tracelet'));
    const loaded = await jit.load(await source());
    expectSameBits(loaded(ids), traced(ids));
    expect(loaded.graph).toBe(traced.graph);
    expect(sameBytes(await fileOf(loaded), file)).toBe(true);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a stream of texts', () => textsOf(file), /a stream of bytes, got one of "/],
    ['a stream of nothing', () => new ReadableStream({ pull: (to) => to.enqueue(undefined) }), /a stream of bytes, got one of null/],
    ['a stream that fails without an error', () => new ReadableStream({ pull: (to) => to.error() }), /read to its end, got undefined/],
    ['a detached buffer', () => moved(file).buffer, /expected bytes, got a detached buffer/],
    ['bytes of a detached buffer', () => moved(file), /expected bytes, got a detached buffer/],
    ['a number', () => 7, /expected a path, .*got 7/],
  ])('but not from %s', async (_, make, message) => {
    for (const open of [jit.load, openCheckpoint])
      expect((await problem('source', () => open(make() as Uint8Array))).message).toMatch(message);
  });

  test.each(['whole', 'in pieces', 'missing', 'cut'])('from a server: %s', async (name) => {
    const server = createServer((_, response) => {
      if (name === 'missing') response.writeHead(404).end('no');
      else if (name === 'whole') response.writeHead(200, { 'content-length': file.length }).end(file);
      else if (name === 'in pieces') {
        response.write(file.subarray(0, 1001));
        setTimeout(() => response.end(file.subarray(1001)), 5);
      } else {
        response.writeHead(200, { 'content-length': file.length });
        response.write(file.subarray(0, 2000), () => response.destroy());
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.tracelet`;
    try {
      if (name === 'missing')
        expect((await problem('source', () => jit.load(url))).message).toMatch(/a\.tracelet: expected a file, got none/);
      else if (name === 'cut') await problem('source', () => jit.load(url));
      else expectSameBits((await jit.load(new URL(url)))(ids), traced(ids));
    } finally {
      server.close();
    }
    await problem('source', () => jit.load(url));
  });

  test('not from what cannot be read', async () => {
    await problem('source', () => jit.load(at('none.tracelet')));
    await problem('source', () => jit.load(directory));
    const stream = streamOf(file, [100]);
    stream.getReader();
    await problem('source', () => jit.load(stream));
    await problem('source', () => jit.load(new Response(null, { status: 204 })));
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
    expect((await problem('source', () => jit.load(broken))).message).toMatch(/gone/);
  });

  test('telling how far it is', async () => {
    const seen: number[] = [];
    await jit.load(file, {
      progress_callback: (info) => info.status === 'progress' && seen.push((info.loaded as number) / (info.total as number)),
    });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
  });

  test('unless aborted', async () => {
    await expect(jit.load(file, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    const controller = new AbortController();
    await expect(jit.load(file, { signal: controller.signal, progress_callback: () => controller.abort() })).rejects.toThrow(/abort/i);
  });
});

describe('a trace file', () => {
  test('is a safetensors file with the weights of the model', () => {
    const { tensors, metadata } = readSafetensors(file, 'trace');
    expect(metadata.format).toBe('tracelet');
    const { weight } = tinyBert().embeddings.word_embeddings;
    expect(tensors.get('embeddings.word_embeddings.weight')?.data).toEqual(weight.data);
    expect(tensors.get('encoder.layer.0.attention.self.key.weight')?.shape).toEqual([16, 16]);
    expect(JSON.parse(new TextDecoder().decode(tensors.get('trace.files.config.json')?.data as Uint8Array))).toMatchObject({
      hidden_size: 16,
    });
  });

  test('has every tensor where its elements may be read in place, whatever the length of an extra file', async () => {
    for (const text of ['1', '12', '123']) {
      const bytes = Buffer.concat([...(await jit.serialize(traced, { _extra_files: { 'a.txt': text } }))]);
      const { header } = readSafetensors(bytes, 'trace');
      for (const { name, dtype, begin } of header.tensors) expect((header.headerBytes + begin) % DTYPES[dtype].bytes, name).toBe(0);
    }
  });

  test('holds weights of equal bytes once', async () => {
    const untied = new BertForMaskedLM(tinyConfig({ torchscript: true, vocab_size: 1000 }));
    const bytes = await fileOf(await jit.trace(untied, [ids], { fusion: true }));
    const { metadata, tensors } = readSafetensors(bytes, 'trace');
    expect(JSON.parse(metadata.aliases)).toMatchObject({ 'cls.predictions.decoder.weight': 'bert.embeddings.word_embeddings.weight' });
    expect(tensors.has('cls.predictions.decoder.weight')).toBe(false);
    expectSameBits((await jit.load(bytes))(ids), (await jit.trace(untied, [ids]))(ids));
    untied.cls.predictions.decoder.weight.set(floats([1000, 16], 5).data as Float32Array);
    const twice = await fileOf(await jit.trace(untied, [ids]));
    expect(twice.length - bytes.length).toBeGreaterThan(1000 * 16 * 4 - 1000);
  });

  test('holds plain constants, and golden values of the same bytes', async () => {
    const model = new Computed((t, n) => F.add(F.mul(t, floats([4], 8)), F.embedding(n, full([2, 4], 3))));
    const [x, n] = [floats([2, 4]), tensor([0, 1])];
    const made = await jit.trace(model, [x, n]);
    const loaded = await jit.load(await fileOf(made));
    expectSameBits(loaded(x, n), model(x, n));
    expect(loaded.verify('baseline').exact).toBe(true);
    const table = new nn.Embedding(6, 4);
    const positions = await jit.trace(new Computed((t) => F.add(table(t), table(tensor([0, 1, 2])))), [tensor([0, 1, 2])]);
    const again = await jit.load(await fileOf(positions));
    expect(again.golden.inputs).toHaveLength(1);
    expect(again.verify('baseline').exact).toBe(true);
    expect(sameBytes(await fileOf(again), await fileOf(positions))).toBe(true);
  });

  test('of a model without ops or weights', async () => {
    const loaded = await jit.load(await fileOf(await jit.trace(new Computed((t) => t), [ids])));
    expect((loaded(ids) as unknown as Tensor).data).toEqual(ids.data);
  });
});

describe('what a trace holds while it is loaded', () => {
  test('are its weights in wasm memory alone', async () => {
    const buffers: number[] = [];
    vi.stubGlobal(
      'ArrayBuffer',
      class extends ArrayBuffer {
        constructor(length: number) {
          super(length);
          buffers.push(length);
        }
      },
    );
    await jit.load(file);
    const { header } = readSafetensors(file, 'trace');
    const sizes = header.tensors.map(({ name, begin, end }) => [name, end - begin] as const);
    const held = sizes.filter(([name]) => name.startsWith('trace.')).map(([, bytes]) => bytes);
    expect(buffers.toSorted()).toEqual(held.toSorted());
  });
});

describe('saving', () => {
  test('leaves what was there where it fails', async () => {
    await writeFile(at('old.tracelet'), 'old');
    await expect(jit.save(traced, at('old.tracelet'), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    await problem('source', () => jit.save(traced, at('no/such/directory.tracelet')));
    await problem('source', () => jit.save(traced, directory));
    expect(await readFile(at('old.tracelet'), 'utf8')).toBe('old');
    expect((await readdir(directory)).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(await readdir(root)).toEqual(['traces']);
    await jit.save(traced, at('old.tracelet'));
    expect(sameBytes(await readFile(at('old.tracelet')), file)).toBe(true);
  });

  /** Entries whose reading is told of. */
  const entries = (read: () => void) =>
    ['a', 'b', 'c', 'd'].map((name) => {
      const { dtype, shape } = floats([2]);
      const told = () => {
        read();
        return floats([2]);
      };
      return { name, dtype, shape, read: told };
    });

  test('ends at the signal between two tensors', async () => {
    const controller = new AbortController();
    let count = 0;
    const stopping = () => {
      if (++count === 2) controller.abort(new Error('enough'));
    };
    await expect(encodeTrace(entries(stopping), '', { signal: controller.signal })).rejects.toThrow('enough');
    expect(count).toBe(2);
  });

  test('hears of the signal while tensors are hashed one after the other', async () => {
    const controller = new AbortController();
    let count = 0;
    const slow = () => {
      count++;
      const begin = performance.now();
      while (performance.now() - begin < 12);
    };
    setTimeout(() => controller.abort(new Error('enough')), 0);
    await expect(encodeTrace(entries(slow), '', { signal: controller.signal })).rejects.toThrow('enough');
    expect(count).toBeLessThan(4);
  });

  test('keeps tensors apart that have the same bytes and another dtype or shape', async () => {
    const zeros = [full([4], 0), full([2, 2], 0), full([4], 0, { dtype: 'int32' }), full([4], 0)];
    const entries = zeros.map((tensor, i) => ({ name: `t${i}`, dtype: tensor.dtype, shape: tensor.shape, read: () => tensor }));
    const { tensors, metadata } = readSafetensors(Buffer.concat([...(await encodeTrace(entries, ''))]), 'zeros');
    expect([...tensors].map(([name, { dtype, shape }]) => `${name} ${dtype} [${shape}]`).sort()).toEqual([
      't0 float32 [4]',
      't1 float32 [2,2]',
      't2 int32 [4]',
    ]);
    expect(JSON.parse(metadata.aliases)).toEqual({ t3: 't0' });
  });
});

describe('golden values', () => {
  test('are met by the baseline kernels exactly, by the fastest within tolerance', async () => {
    const loaded = await jit.load(file);
    expect(loaded.verify('baseline')).toMatchObject({ kernels: 'baseline', exact: true, ok: true });
    expect(loaded.verify().ok).toBe(true);
    expect(loaded.verify().outputs.map(({ name }) => name)).toEqual(['last_hidden_state', 'pooler_output']);
  });

  test('that are wrong show', async () => {
    const loaded = await jit.load(file);
    (loaded.golden.outputs[1].tensor.data as Float32Array)[3] += 1e-3;
    const { exact, ok, outputs } = loaded.verify('baseline');
    expect([exact, ok, outputs[0].exact, outputs[1].exact]).toEqual([false, false, true, false]);
    expect(outputs[1].maxError).toBeCloseTo(1e-3, 6);
  });
});
