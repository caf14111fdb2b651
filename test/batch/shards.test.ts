import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cut } from '../../src/batch/cut.ts';
import { HashSet } from '../../src/batch/hashset.ts';
import { hashOf, identified } from '../../src/batch/record.ts';
import { packShard, unpackShard } from '../../src/batch/shard.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const input = fc.oneof(text, fc.tuple(text, text));

async function pieces(records: readonly unknown[], most: number, seen = new Set<string>()) {
  const found = [];
  const isRepeated = async (id: string): Promise<boolean> => seen.size === seen.add(id).size;
  for await (const piece of cut(records as string[], { most, tokensOf: (given) => `${given}`.length, isRepeated })) found.push(piece);
  return found;
}

describe('texts are cut into shards', () => {
  test('in their order, none left out but repeats, none too large unless it is one text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(input), fc.integer({ min: 1, max: 40 }), async (texts, most) => {
        const cuts = await pieces(texts, most);
        const ids = await Promise.all(texts.map(async (each) => (await identified(each, ''))[0]));
        expect(cuts.flatMap(({ records }) => records.map(([id]) => id))).toEqual([...new Set(ids)]);
        for (const { records, tokens } of cuts) {
          expect(tokens).toBe(records.reduce((sum, [, each]) => sum + `${each}`.length, 0));
          expect(records.length === 1 || tokens <= most).toBe(true);
        }
        for (const [i, { tokens }] of cuts.slice(0, -1).entries())
          expect(tokens + `${cuts[i + 1].records[0][1]}`.length).toBeGreaterThan(most);
      }),
    );
  });

  test('that are no larger than jobs may be', async () => {
    const long = 'x'.repeat(3 << 20);
    const cuts = await pieces([`${long}1`, `${long}2`, `${long}3`], Infinity);
    expect(cuts.map(({ records }) => records.length)).toEqual([1, 1, 1]);
  });

  test.each([[[7]], [[{ text: null }]], [[['a']]], [[{ id: {}, text: 'a' }]], [7]])('%j is refused', async (records) => {
    await expect(pieces(records as unknown[], 10)).rejects.toMatchObject({ code: 'value' });
  });
});

describe('a shard in a queue', () => {
  const records = fc.array(input, { minLength: 1, maxLength: 6 });
  const shard = async (texts: (string | [string, string])[]) => ({
    fingerprint: 'model',
    options: { prompt: 'query: ', chunk: { overlap: 2 } },
    tokens: 7,
    records: await Promise.all(texts.map((each) => identified(each, ''))),
  });

  test('comes out as it went in, through JSON, and has the same id wherever it is packed', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (texts) => {
        const given = await shard(texts);
        const data = JSON.parse(JSON.stringify(await packShard(given)));
        expect(await unpackShard(data)).toEqual({ id: data.shard, ...given });
        expect((await packShard(await shard(texts))).shard).toBe(data.shard);
        expect((await packShard({ ...given, fingerprint: 'other' })).shard).not.toBe(data.shard);
      }),
    );
  });

  test('that was changed, or is none, is refused', async () => {
    const data = await packShard(await shard(['a', 'b']));
    const other = await packShard(await shard(['a', 'c']));
    await expect(unpackShard({ ...data, content: other.content })).rejects.toMatchObject({ code: 'integrity' });
    for (const junk of [null, 7, {}, { shard: 'x' }, { shard: 'x', content: 'no gzip' }])
      await expect(unpackShard(junk)).rejects.toMatchObject({ code: 'format' });
  });

  test('whose content is not what its id promises to be is refused', async () => {
    const good = { fingerprint: 'm', options: {}, tokens: 1, records: [['id', 'text']] };
    const bad: [object, string][] = [
      [{ ...good, records: 7 }, 'format'],
      [{ ...good, records: [['id']] }, 'format'],
      [{ ...good, records: [['', 'text']] }, 'value'],
      [{ ...good, records: [['id', 7]] }, 'value'],
      [{ ...good, options: { nonsense: 1 } }, 'value'],
      [{ ...good, fingerprint: 7 }, 'format'],
    ];
    for (const [value, code] of bad) {
      const json = JSON.stringify(value);
      const data = { shard: await hashOf(json), content: gzipSync(json).toString('base64') };
      await expect(unpackShard(data), json).rejects.toMatchObject({ code });
    }
  });

  test('is refused where it is one text that no job has room for', async () => {
    const text = 'x'.repeat(65 << 20);
    await expect(shard([text]).then(packShard)).rejects.toMatchObject({
      code: 'value',
      message: expect.stringMatching(/^the text with the id "[\da-f]{32}": expected at most 67108864 bytes as JSON, got more\. Cut it/),
    });
  });

  test('that would fill the memory is refused', async () => {
    const content = gzipSync(Buffer.alloc(80 << 20)).toString('base64');
    await expect(unpackShard({ shard: 'x', content })).rejects.toMatchObject({ code: 'format' });
  });
});

test('a set of hashes is a set', async () => {
  const found = new HashSet();
  const hashes = await Promise.all(Array.from({ length: 20_000 }, (_, i) => hashOf(`${i}`)));
  for (const hash of hashes) expect(found.add(hash)).toBe(true);
  for (const hash of [...hashes, hashes[0]]) expect(found.add(hash)).toBe(false);
  expect(found.size).toBe(hashes.length);
  expect(new HashSet().add('0'.repeat(32))).toBe(true);
});
