import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BertModel, BertTokenizer, F, jit, openCheckpoint, SentenceEmbedder, type Tensor, tensor } from '../../src/index.ts';
import { concat, serialize } from '../support/safetensors.ts';
import { embedderOf, expectNear, FOLDERS, folderOf, goldenOf, optionsOf, TEXTS, traceAny } from '../support/sentence.ts';
import { bytesOf, fileOf, problem } from '../support/tiny.ts';

const file = (tensors: Record<string, Tensor>): Uint8Array => concat(serialize(Object.entries(tensors)));
const json = (value: unknown): string => JSON.stringify(value);
const edited = (name: string, file: string, edit: (content: Record<string, unknown>) => unknown): string =>
  folderOf(name, { [file]: json(edit(JSON.parse(readFileSync(join(folderOf(name), file), 'utf8')))) });

describe.each(FOLDERS)('the folder %s', (name) => {
  const { calls } = goldenOf(name);
  const usual = calls.filter(({ method, kwargs }) => method === 'encode' && !kwargs.precision && !kwargs.output_value);

  test('gives the vectors that sentence-transformers gives, traced, saved and traced again', async () => {
    const traced = await embedderOf(folderOf(name));
    const file = await fileOf(traced);
    const again = await traceAny(await SentenceEmbedder.from_pretrained(file));
    expect(usual.length).toBeGreaterThan(0);
    for (const { sentences, kwargs, embeddings, error } of usual) {
      if (error) {
        await problem('value', () => traced.embed(sentences, optionsOf(kwargs)));
        continue;
      }
      const want = (typeof sentences === 'string' ? [embeddings] : embeddings) as number[][];
      const got = await traced.embed(sentences, optionsOf(kwargs));
      expectNear(got, want);
      for (const other of [await jit.load(file), again])
        expect(bytesOf(await other.embed(sentences, optionsOf(kwargs))).equals(bytesOf(got))).toBe(true);
    }
  });
});

describe('lengths', () => {
  const long = 'butter '.repeat(40);

  test.each([
    ['what the Transformer says', 'sentence_bert_config.json', { max_seq_length: 20, do_lower_case: false }, 20],
    ['what the tokenizer says', 'tokenizer_config.json', { do_lower_case: true, strip_accents: false, model_max_length: 11 }, 11],
    ['the Transformer before the tokenizer', 'sentence_roberta_config.json', { max_seq_length: 30 }, 30],
  ])('%s', async (_, file, content, limit) => {
    const folder = folderOf('mean', { [file]: json(content), ...(file.includes('roberta') && { 'sentence_bert_config.json': '{}' }) });
    if (file.includes('roberta')) rmSync(join(folder, 'sentence_bert_config.json'));
    const traced = await embedderOf(folder);
    expect((await problem('value', () => traced.embed(long))).message).toContain(`at most ${limit} tokens`);
    const cut = await traced.embed(long, { truncate: true });
    expect(traced.encode(long, { truncate: true }).input_ids.shape).toEqual([1, limit]);
    const own = 'butter '.repeat(limit - 2);
    const { input_ids } = traced.encode(own, { truncate: true });
    expect(input_ids.shape).toEqual([1, limit]);
    expect(bytesOf(cut).equals(bytesOf(await traced.embed(own, { truncate: true })))).toBe(true);
  });

  test('hold for a tokenizer that is given as well', async () => {
    const folder = folderOf('mean', { 'sentence_bert_config.json': json({ max_seq_length: 7, do_lower_case: false }) });
    const [model, tokenizer] = [await SentenceEmbedder.from_pretrained(folder), await BertTokenizer.from_pretrained(folder)];
    const row = tensor([Array(16).fill(1)]);
    const traced = await jit.trace(model, { input_ids: row, attention_mask: row }, { tokenizer });
    expect((await problem('value', () => traced.embed(long))).message).toContain('at most 7 tokens');
  });
});

describe('modules', () => {
  const modules = (...types: (readonly [type: string, path: string])[]) =>
    json(
      [['Transformer', ''], ...types].map(([type, path], idx) => ({
        idx,
        name: `${idx}`,
        path,
        type: `sentence_transformers.models.${type}`,
      })),
    );

  test('LayerNorm, Dropout and a Dense with a residual run in their order', async () => {
    const folder = folderOf('mean', {
      'modules.json': modules(['Pooling', '1_Pooling'], ['Dropout', '2_Dropout'], ['Dense', '3_Dense'], ['LayerNorm', '4_LayerNorm']),
    });
    const write = (path: string, files: Record<string, string | Uint8Array>) => {
      mkdirSync(join(folder, path));
      for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, path, file), content);
    };
    const random = (shape: number[], seed: number) =>
      tensor(
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(3 * i + seed)),
        { dtype: 'float32' },
      ).reshape(shape);
    const [weight, bias, residual, scale, shift] = [random([5, 16], 1), random([5], 2), random([5, 16], 3), random([5], 4), random([5], 5)];
    write('2_Dropout', { 'config.json': json({ dropout: 0.4 }) });
    write('3_Dense', {
      'config.json': json({
        in_features: 16,
        out_features: 5,
        bias: true,
        activation_function: 'torch.nn.modules.activation.GELU',
        use_residual: true,
      }),
      'model.safetensors': file({ 'linear.weight': weight, 'linear.bias': bias, 'residual.weight': residual }),
    });
    write('4_LayerNorm', {
      'config.json': json({ dimension: 5 }),
      'model.safetensors': file({ 'norm.weight': scale, 'norm.bias': shift }),
    });
    const [plain, whole] = [await embedderOf(folderOf('mean')), await embedderOf(folder)];
    const pooled = await plain.embed(TEXTS);
    const dense = F.add(F.gelu(F.linear(pooled, weight, bias)), F.linear(pooled, residual));
    expectNear(await whole.embed(TEXTS), F.layer_norm(dense, scale, shift).tolist());
  });

  test('WeightedLayerPooling takes the last layer alone where config.json asks for no others, as in Python', async () => {
    const encoder = readFileSync(join(folderOf('mean'), 'config.json'), 'utf8');
    const [last, mean] = [await embedderOf(folderOf('layers', { 'config.json': encoder })), await embedderOf(folderOf('mean'))];
    expect(bytesOf(await last.embed(TEXTS)).equals(bytesOf(await mean.embed(TEXTS)))).toBe(true);
  });

  test('an encoder in a folder of its own is read there, its tokenizer too', async () => {
    const folder = folderOf('mean', {
      'modules.json': json([
        { idx: 0, name: '0', path: '0_Transformer', type: 'sentence_transformers.models.Transformer' },
        { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
      ]),
    });
    mkdirSync(join(folder, '0_Transformer'));
    for (const file of readdirSync(folder).filter(
      (name) => /^(config|model|tokenizer|sentence_bert)/.test(name) && name !== 'config_sentence_transformers.json',
    ))
      renameSync(join(folder, file), join(folder, '0_Transformer', file));
    const [there, here] = [await embedderOf(folder), await embedderOf(folderOf('mean'))];
    expect(bytesOf(await there.embed(TEXTS)).equals(bytesOf(await here.embed(TEXTS)))).toBe(true);
    expect(bytesOf(await (await jit.load(await fileOf(there))).embed(TEXTS)).equals(bytesOf(await here.embed(TEXTS)))).toBe(true);
  });

  test('do_lower_case lowers texts before they are split, and says nothing of accents', async () => {
    const cased = { 'tokenizer_config.json': json({ tokenizer_class: 'PreTrainedTokenizerFast', model_max_length: 64 }) };
    const tokenizer = JSON.parse(readFileSync(join(folderOf('mean'), 'tokenizer.json'), 'utf8'));
    tokenizer.normalizer.lowercase = false;
    const files = { ...cased, 'tokenizer.json': json(tokenizer) };
    const lowering = folderOf('mean', { ...files, 'sentence_bert_config.json': json({ max_seq_length: 64, do_lower_case: true }) });
    const [plain, lowered] = [await embedderOf(folderOf('mean', files)), await embedderOf(lowering)];
    const loud = TEXTS.map((text) => text.toUpperCase());
    expect(bytesOf(await lowered.embed(loud)).equals(bytesOf(await plain.embed(TEXTS.map((text) => text.toLowerCase()))))).toBe(true);
    expect(bytesOf(await lowered.embed(loud)).equals(bytesOf(await plain.embed(loud)))).toBe(false);
  });

  test('null where a switch would be is off, as in Python', async () => {
    const folder = folderOf('mean', { 'sentence_bert_config.json': json({ max_seq_length: 64, do_lower_case: null }) });
    const switches = { pooling_mode_cls_token: null, pooling_mode_mean_tokens: true, pooling_mode_max_tokens: null };
    writeFileSync(join(folder, '1_Pooling/config.json'), json({ word_embedding_dimension: 16, ...switches }));
    const [here, there] = [await embedderOf(folder), await embedderOf(folderOf('mean'))];
    expect(bytesOf(await here.embed(TEXTS)).equals(bytesOf(await there.embed(TEXTS)))).toBe(true);
  });

  test('add_pooling_layer is false in any case', async () => {
    const model = await SentenceEmbedder.from_pretrained(folderOf('mean'), { add_pooling_layer: false });
    expect([...model.state_dict().keys()].some((name) => name.includes('pooler'))).toBe(false);
    const asked = { add_pooling_layer: true } as unknown as { add_pooling_layer: false };
    expect((await problem('value', () => SentenceEmbedder.from_pretrained(folderOf('mean'), asked))).message).toMatch(
      /expected only false/,
    );
  });

  test('a pooler that no vector needs may be missing', async () => {
    const { tensors } = await openCheckpoint(folderOf('mean'));
    const less = Object.fromEntries([...tensors].filter(([name]) => !name.startsWith('pooler.')));
    expect(Object.keys(less).length).toBe(tensors.size - 2);
    const [without, whole] = [await embedderOf(folderOf('mean', { 'model.safetensors': file(less) })), await embedderOf(folderOf('mean'))];
    expect(bytesOf(await without.embed(TEXTS)).equals(bytesOf(await whole.embed(TEXTS)))).toBe(true);
  });
});

describe('a folder is refused', () => {
  const chain = (...types: string[]) =>
    folderOf('mean', { 'modules.json': json(types.map((type, idx) => ({ idx, name: `${idx}`, path: idx ? `${idx}_x` : '', type }))) });
  const T = 'sentence_transformers.models.Transformer';

  test.each<[string, () => string, RegExp]>([
    [
      'with a module that is not known',
      () => chain(T, 'sentence_transformers.models.WordWeights'),
      /module 1 of modules\.json.*WordWeights/,
    ],
    ['with code of its own', () => chain('custom_st.Transformer'), /module 0 of modules\.json.*custom_st/],
    ['without pooling', () => chain(T), /one Pooling behind it, got Transformer/],
    [
      'with modules outside of it',
      () => folderOf('mean', { 'modules.json': json([{ idx: 0, name: '0', path: '../x', type: T }]) }),
      /path of module 0.*\.\.\/x/,
    ],
    [
      'with a field of pooling that is not known',
      () => edited('mean', '1_Pooling/config.json', (config) => ({ ...config, pooling_mode_median: true })),
      /"pooling_mode_median" in 1_Pooling\/config\.json/,
    ],
    [
      'with a way of pooling that is not known',
      () => edited('mean', '1_Pooling/config.json', (config) => ({ ...config, pooling_mode: 'median' })),
      /pooling_mode of 1_Pooling\/config\.json.*"median"/,
    ],
    [
      'with an activation that is not known',
      () => edited('dense', '2_Dense/config.json', (config) => ({ ...config, activation_function: 'torch.nn.modules.activation.GLU' })),
      /activation_function of 2_Dense: expected one of torch\.nn CELU, ELU.*got GLU/,
    ],
    [
      'with weights of no layers',
      () => edited('layers', '1_WeightedLayerPooling/config.json', (config) => ({ ...config, layer_start: 3 })),
      /layer_start of 1_WeightedLayerPooling: expected at most num_hidden_layers 2, got 3/,
    ],
    [
      'with a Dense of another width',
      () => edited('dense', '2_Dense/config.json', (config) => ({ ...config, in_features: 8 })),
      /module 2 of modules\.json, Dense: expected a sentence_embedding of 16 numbers, got 8/,
    ],
    [
      'with a query that is expanded',
      () => folderOf('mean', { 'sentence_bert_config.json': json({ query_expansion: { strategy: 'fixed', length: 32 } }) }),
      /query_expansion of sentence_bert_config/,
    ],
    [
      'of another kind of model',
      () => edited('mean', 'config_sentence_transformers.json', (config) => ({ ...config, model_type: 'SparseEncoder' })),
      /model_type of config_sentence_transformers\.json.*SparseEncoder/,
    ],
    [
      'with a default prompt that it lacks',
      () => edited('prompts', 'config_sentence_transformers.json', (config) => ({ ...config, default_prompt_name: 'none' })),
      /default_prompt_name.*"none"/,
    ],
  ])('%s', async (_, folder, message) => {
    expect((await problem('config', () => SentenceEmbedder.from_pretrained(folder()))).message).toMatch(message);
  });

  test('when it is traced, with weights of more layers than the encoder has', async () => {
    const weights = file({ layer_weights: tensor([1, 2, 3], { dtype: 'float32' }) });
    const folder = edited('layers', '1_WeightedLayerPooling/config.json', (config) => ({
      ...config,
      num_hidden_layers: 4,
      layer_start: 2,
    }));
    writeFileSync(join(folder, '1_WeightedLayerPooling/model.safetensors'), weights);
    const model = await SentenceEmbedder.from_pretrained(folder);
    expect((await problem('config', () => traceAny(model))).message).toMatch(
      /num_hidden_layers of 1_WeightedLayerPooling: expected 2, as the encoder has, got 4/,
    );
  });

  test('but its encoder alone loads', async () => {
    const model = await BertModel.from_pretrained(chain(T, 'sentence_transformers.models.WordWeights'));
    expect([...model.encoder.layer]).toHaveLength(model.config.num_hidden_layers);
  });
});
