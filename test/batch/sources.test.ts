import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BatchRecord, type Fields, jsonl, parquet } from '../../src/batch/index.ts';

const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const values: T[] = [];
  for await (const value of source) values.push(value);
  return values;
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const lines = (text: string, fields?: Fields): Promise<BatchRecord[]> => all(jsonl(bytes(text), fields));

/** Bytes in pieces of so many. */
const inPieces = (text: string, size: number): ReadableStream<Uint8Array> => {
  const whole = bytes(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= whole.length) return controller.close();
      controller.enqueue(whole.slice(at, at + size));
      at += size;
    },
  });
};

describe('JSONL', () => {
  test('has objects or strings, ids or none', async () => {
    expect(await lines('{"text": "a", "id": 7}\r\n\n"b"\n{"text": "c", "more": 1, "id": null}')).toEqual([
      { id: '7', text: 'a' },
      { text: 'b' },
      { text: 'c' },
    ]);
  });

  test('has fields of other names, and pairs', async () => {
    const line = '{"q": "query", "d": "document", "key": "k"}\n';
    expect(await lines(line, { text: 'q', pair: 'd', id: 'key' })).toEqual([{ id: 'k', text: ['query', 'document'] }]);
  });

  test.each([
    ['{"text": "a"}\n{"text": ', 'format', 'line 2'],
    ['7', 'format', 'line 1'],
    ['[]', 'format', 'line 1'],
    ['{"txt": "a"}', 'value', 'Did you mean txt?'],
    ['{"text": 7}', 'value', 'a string or [text, pair]'],
    ['{"text": "a", "id": ""}', 'value', 'line 1: id'],
    ['{"text": "a", "id": "\\u0000"}', 'value', 'control characters'],
    ['{"text": "a", "id": 1.5}', 'value', 'a whole number'],
  ])('%j is refused', async (text, code, message) => {
    await expect(lines(text)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test('that is not UTF-8 is refused with its line', async () => {
    const broken = Uint8Array.of(...bytes('"a"\n"'), 0xff, ...bytes('"\n'));
    await expect(all(jsonl(broken))).rejects.toMatchObject({ code: 'value', message: expect.stringContaining('line 2: expected UTF-8') });
  });

  test('with a line that has no end is refused before memory is full', async () => {
    let given = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(given++ ? new Uint8Array(1 << 20).fill(97) : bytes('"a"\n'));
      },
    });
    await expect(all(jsonl(endless))).rejects.toMatchObject({
      code: 'format',
      message: expect.stringMatching(/line 2: expected at most 16777216 bytes/),
    });
    expect(given).toBeLessThan(32);
  });

  test('in pieces of any size is what JSON says, line by line', async () => {
    const text = fc.string({ unit: 'binary' });
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('\n', '\r\n'),
        async (texts, size, end) => {
          const file = texts.map((each) => JSON.stringify({ text: each })).join(end);
          expect(await all(jsonl(inPieces(file, size)))).toEqual(texts.map((each) => ({ text: each })));
        },
      ),
    );
  });

  test('of any bytes ends with records or with an error of the library', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (given) => {
        const ended = await all(jsonl(given)).catch((error) => error);
        if (!Array.isArray(ended)) expect(ended.name).toBe('TraceletError');
      }),
    );
  });

  test('is no longer read once it is left', async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes('"a"\n')),
      cancel() {
        cancelled = true;
      },
    });
    for await (const { text } of jsonl(stream)) if (text === 'a') break;
    expect(cancelled).toBe(true);
  });
});

describe('Parquet', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'parquet-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const file = (name: string, columnData: Parameters<typeof parquetWriteBuffer>[0]['columnData'], rowGroupSize = 3): string => {
    const path = join(folder, name);
    writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize })));
    return path;
  };
  const texts = Array.from({ length: 10 }, (_, i) => `text ${i}`);

  test('is read group by group, with ids of 64 bits', async () => {
    const ids = texts.map((_, i) => 2n ** 60n + BigInt(i));
    const path = file('ids.parquet', [
      { name: 'title', data: texts, type: 'STRING' },
      { name: 'number', data: ids, type: 'INT64' },
      { name: 'more', data: texts.map(() => 1.5), type: 'DOUBLE' },
    ]);
    expect(await all(parquet(path, { text: 'title', id: 'number' }))).toEqual(texts.map((text, i) => ({ id: `${ids[i]}`, text })));
  });

  test('may be compressed by other means than Snappy', async () => {
    const path = join(folder, 'gzip.parquet');
    const columnData = [{ name: 'text', data: texts, type: 'STRING' as const }];
    writeFileSync(
      path,
      new Uint8Array(parquetWriteBuffer({ columnData, codec: 'GZIP', compressors: { GZIP: (bytes) => gzipSync(bytes) } })),
    );
    expect(await all(parquet(path))).toEqual(texts.map((text) => ({ text })));
  });

  test('has no ids unless it does', async () => {
    expect(await all(parquet(file('plain.parquet', [{ name: 'text', data: texts, type: 'STRING' }])))).toEqual(
      texts.map((text) => ({ text })),
    );
  });

  test('that lacks the column, or is none, is refused', async () => {
    const path = file('other.parquet', [{ name: 'title', data: texts, type: 'STRING' }]);
    await expect(all(parquet(path))).rejects.toMatchObject({ code: 'value', message: expect.stringContaining('a field text') });
    writeFileSync(join(folder, 'none.parquet'), 'PAR1 and nothing else that is PAR1');
    await expect(all(parquet(join(folder, 'none.parquet')))).rejects.toMatchObject({ code: 'format' });
    await expect(all(parquet(join(folder, 'nowhere.parquet')))).rejects.toMatchObject({ code: 'source' });
  });
});
