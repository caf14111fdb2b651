import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jit, SentenceTransformer, SparseEncoder, type SparseVector, type Tensor } from '../../src/index.ts';
import { answersIn, encoderFolder, expectClose } from '../support/encoders.ts';
import { bytesOf, problem } from '../support/tiny.ts';

interface Dense {
  texts: string[];
  query: number[][];
  document: number[][];
  plain: number[][];
}
interface Sparse {
  texts: string[];
  query: SparseVector[];
  document: SparseVector[];
  plain: SparseVector[];
  similarity: number[][];
}

const json = (value: unknown): string => JSON.stringify(value);
const ROUTES = 'router_config.json';
const routed = (name: string, changes: (config: Record<string, never>) => object, file = ROUTES): string =>
  encoderFolder(name, { [file]: json(changes(answersIn(encoderFolder(name), file))) });
const saying = (name: string, parameters: object, file = ROUTES): string => routed(name, (config) => ({ ...config, parameters }), file);
const same = (a: Tensor, b: Tensor): void => expect(bytesOf(a).equals(bytesOf(b))).toBe(true);

describe('a Router', () => {
  test.each(['router-dense', 'router-asym'])('of %s answers as that of sentence-transformers', async (name) => {
    const folder = encoderFolder(name);
    const model = await SentenceTransformer.from_pretrained(folder);
    const { texts, query, document, plain } = answersIn<Dense>(folder, 'router.json');
    expectClose((await model.encode_query(texts)) as Tensor, query);
    expectClose((await model.encode_document(texts)) as Tensor, document);
    expectClose(await model.encode(texts), plain);
    expect(query).not.toEqual(document);
    const none = (await model.encode_query('', { prompt: '' })) as Tensor<'float32'>;
    expect([none.shape, none.data.every(Number.isFinite)]).toEqual([[8], true]);
    same(await model.encode(texts, { task: 'query' }), (await model.encode_query(texts, { prompt: '' })) as Tensor);
    model.dispose();
  });

  test('of words that are looked up, and documents that a model reads', async () => {
    const folder = encoderFolder('router-sparse');
    const model = await SparseEncoder.from_pretrained(folder);
    const { texts, similarity, ...ways } = answersIn<Sparse>(folder, 'router.json');
    const got = { query: await model.encode_query(texts), document: await model.encode_document(texts), plain: await model.encode(texts) };
    for (const way of ['query', 'document', 'plain'] as const)
      for (const [i, { indices, values }] of got[way].entries()) {
        expect([...indices]).toEqual(ways[way][i].indices);
        expectClose([...values], ways[way][i].values);
      }
    expectClose(model.similarity(got.query, got.document), similarity);
    expect(model.get_embedding_dimension()).toBe(600);
    expect((await model.encode_query('')).indices).toHaveLength(0);
    const [one] = await model.encode_query([texts[0]], { max_active_dims: 1 });
    expect(one.values[0]).toBe(Math.max(...got.query[0].values));
  });

  test('has a trace for each route, which opens alone', async () => {
    const model = await SparseEncoder.from_pretrained(encoderFolder('router-sparse'));
    expect(Object.keys(model.routes)).toEqual(['document', 'query']);
    const bytes = Buffer.concat([...(await jit.serialize(model.routes.query))]);
    const queries = await SparseEncoder.from_pretrained(await jit.load(bytes));
    const text = 'A man is eating food in Paris.';
    expect(await queries.encode(text)).toEqual(await model.encode_query(text));
    expect(queries.get_embedding_dimension()).toBe(600);
  });

  test.each(['router-dense', 'router-asym'])('of %s is saved whole, and opened again', async (name) => {
    const folder = encoderFolder(name);
    const model = await SentenceTransformer.from_pretrained(folder);
    const { texts } = answersIn<Dense>(folder, 'router.json');
    const [path, copy] = [join(folder, 'all.tracelet'), join(folder, 'copy.tracelet')];
    await model.save(path, { _extra_files: { 'note.txt': 'mine' } });
    const again = await SentenceTransformer.from_pretrained(path);
    await again.save(copy);
    for (const opened of [
      again,
      await SentenceTransformer.from_pretrained(await jit.load(path)),
      await SentenceTransformer.from_pretrained(copy),
    ]) {
      expect(Object.keys(opened.routes).sort()).toEqual(['document', 'query']);
      for (const way of ['encode', 'encode_query', 'encode_document'] as const)
        same((await opened[way](texts)) as Tensor, (await model[way](texts)) as Tensor);
      same((await opened.encode(texts, { task: 'document' })) as Tensor, (await model.encode(texts, { task: 'document' })) as Tensor);
      expect(new TextDecoder().decode(opened.traced.files.get('note.txt'))).toBe('mine');
    }
    same(await (await jit.load(path)).embed(texts, { truncate: true }), await model.encode(texts));
    expect([...again.traced.files.keys()].filter((file) => /^routes/.test(file))).toEqual([]);
    again.dispose();
    await problem('disposed', () => again.encode_query('Hello'));
  });

  test('of words is saved whole, and what is no route in a file is refused', async () => {
    const folder = encoderFolder('router-sparse');
    const model = await SparseEncoder.from_pretrained(folder);
    const { texts } = answersIn<Sparse>(folder, 'router.json');
    const path = join(folder, 'all.tracelet');
    await model.save(path);
    const again = await SparseEncoder.from_pretrained(path);
    for (const way of ['encode', 'encode_query', 'encode_document'] as const)
      expect(await again[way](texts)).toEqual(await model[way](texts));
    await problem('config', () => SentenceTransformer.from_pretrained(path));
    const said = { names: ['document', 'query'], own: 'document', others: { query: 'routes/0.tracelet' }, parameters: {} };
    const saying = async (changes: object) => {
      const files = { 'routes.json': json({ ...said, ...changes }) };
      return jit.load(Buffer.concat([...(await jit.serialize(await jit.load(path), { _extra_files: files }))]));
    };
    const opened = (changes: object) => async () => SparseEncoder.from_pretrained(await saying(changes));
    expect(await (await opened({})()).encode_query(texts)).toEqual(await model.encode_query(texts));
    expect((await problem('format', opened({ others: { query: 'routes/7.tracelet' } }))).message).toMatch(
      /routes\.json.*"routes\/7\.tracelet"/,
    );
    await problem('config', opened({ others: { query: 7 } }));
    await problem('config', opened({ parameters: { default_route: 'answer' } }));
    await problem('format', opened({ others: { query: 'config.json' } }));
  });

  test.each<[string, object, [task: string | undefined, route: 'query' | 'document'][]]>([
    ['by its default', { default_route: 'query' }, [[undefined, 'query'], ['document', 'document']]], // biome-ignore format: a table
    ['by the first route', { default_route: null }, [[undefined, 'query']]],
    ['by what is mapped, before names', { route_mappings: { "('query', 'text')": 'document', "(None, None)": 'query' } }, [['query', 'document'], ['document', 'query'], [undefined, 'query']]], // biome-ignore format: a table
    ['by tasks of other names', { route_mappings: { "('doc', None)": 'document', "(None, ('image', 'text'))": 'query', "(None, 'image')": 'query' }, default_route: 'query' }, [['doc', 'document'], [undefined, 'query']]], // biome-ignore format: a table
  ])('is asked %s', async (_, parameters, asked) => {
    const model = await SentenceTransformer.from_pretrained(saying('router-asym', parameters, '2_Asym/config.json'));
    const { texts, query, document } = answersIn<Dense>(encoderFolder('router-asym'), 'router.json');
    for (const [task, route] of asked) expectClose(await model.encode(texts, { task }), { query, document }[route]);
  });

  test('says so where there is no route for a text', async () => {
    const file = '2_Asym/config.json';
    const folder = routed(
      'router-asym',
      ({ structure, ...config }) => ({
        ...config,
        structure: { ask: (structure as Record<string, string[]>).query, doc: (structure as Record<string, string[]>).document },
        parameters: { allow_empty_key: false },
      }),
      file,
    );
    const model = await SentenceTransformer.from_pretrained(folder);
    expect((await problem('value', () => model.encode('Hello'))).message).toMatch(/texts of no task.*ask, doc/);
    expect((await problem('value', () => model.encode_query('Hello'))).message).toMatch(/"query"/);
    expect((await model.encode('Hello', { task: 'doc' })).shape).toEqual([8]);
  });

  test.each<[string, (config: Record<string, never>) => object, RegExp]>([
    ['a default that is no route', (config) => ({ ...config, parameters: { default_route: 'answer' } }), /"answer"/],
    ['parts of no type', (config) => ({ ...config, types: {} }), /"query_0_Dense"/],
    ['no routes', (config) => ({ ...config, structure: {} }), /structure of/],
    ['no route for texts', ({ structure, ...config }) => ({ ...config, structure: { image: (structure as Record<string, string[]>).query }, parameters: { allow_empty_key: false } }), /a route for texts.*image/], // biome-ignore format: a table
    ['an empty route', (config) => ({ ...config, structure: { query: [] } }), /structure of/],
    ['what is not known', (config) => ({ ...config, parameters: { default_rout: 'query' } }), /default_route/],
    ['a tuple that is none', (config) => ({ ...config, parameters: { route_mappings: { query: 'query' } } }), /route_mappings/],
    ['a Router within', (config) => ({ ...config, types: { query_0_Dense: 'sentence_transformers.models.Router', document_0_Dense: 'sentence_transformers.models.Dense' } }), /"sentence_transformers\.models\.Router"/], // biome-ignore format: a table
    ['a folder elsewhere', (config) => ({ ...config, types: { '../x': 'sentence_transformers.models.Dense' }, structure: { query: ['../x'] } }), /within/], // biome-ignore format: a table
  ])('with %s is refused', async (_, changes, message) => {
    const folder = routed('router-asym', changes, '2_Asym/config.json');
    expect((await problem('config', () => SentenceTransformer.from_pretrained(folder))).message).toMatch(message);
  });

  test('without its config is refused, and so are weights of another size', async () => {
    const folder = encoderFolder('router-asym');
    rmSync(`${folder}/2_Asym/config.json`);
    expect((await problem('config', () => SentenceTransformer.from_pretrained(folder))).message).toMatch(/2_Asym\/router_config\.json/);
    const sparse = encoderFolder('router-sparse');
    cpSync(`${encoderFolder('colbert')}/1_Dense/model.safetensors`, `${sparse}/query_0_SparseStaticEmbedding/model.safetensors`);
    expect((await problem('checkpoint', () => SparseEncoder.from_pretrained(sparse))).message).toMatch(/weight.*\[600\]/);
  });
});
