import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { platform } from '#platform';
import { TraceletEmbeddings, TraceletRerank } from '../../src/adapters/langchain.ts';
import {
  ARCHITECTURES,
  BertForMaskedLM,
  BertForSequenceClassification,
  BertModel,
  BertTokenizer,
  CrossEncoder,
  jit,
  MultiVectorEncoder,
  nn,
  PreTrainedTokenizerFast,
  pipeline,
  SentenceEmbedder,
  SentenceTransformer,
  SparseEncoder,
  TraceletError,
  tensor,
  VectorIndex,
} from '../../src/index.ts';
import type { PreTrainedConfig } from '../../src/models/config.ts';
import type { Family } from '../../src/models/family.ts';
import type { ModelClass, PreTrainedModel } from '../../src/models/pretrained.ts';
import { nodeThreads } from '../../src/platform/nodethreads.ts';
import type { TracedModule } from '../../src/traced/traced.ts';
import { sizesFor } from './ownsizes.ts';
import { tokenizer } from './texts.ts';
import { Block, fileOf, floats, tinyConfig } from './tiny.ts';
import { bertJson } from './tokenizerjson.ts';

export const x = () => floats([2, 3]);
export const y = () => floats([2, 3], 2);
export const ids = () => tensor([[1, 2, 0]]);
export const mask = () => tensor([[1, 1, 0]]);
export const tokens = () => floats([1, 3, 4]);
export const signal = () => new AbortController().signal;
export const config = tinyConfig({ vocab_size: 13, max_position_embeddings: 32 });
const embedder = new SentenceEmbedder(config, { seed: 2 });
export const inputs = () => ({ input_ids: ids(), token_type_ids: tensor([[0, 0, 0]]), attention_mask: mask() });

const trace = () =>
  jit.trace(embedder, inputs(), { tokenizer, dynamic: { batch: [1, 4], sequence: [1, 32] } }) as unknown as Promise<TracedModule>;
export const traced = await trace();
const file = await fileOf(traced);
export const small = await jit.trace(new Block(), [floats([1, 6])]);
export const smallFile = await fileOf(small);
const checkpoint = await fileOf(await jit.trace(new BertModel(config), [ids()]));
vi.spyOn(platform, 'workers').mockResolvedValueOnce(nodeThreads(new URL('../../dist/traced/pool/worker.js', import.meta.url)));
export const pool = await jit.load(file, { workers: 1 });

/** BERT comes first: what it shares with other families goes by its names. */
const MODELS = Object.entries(ARCHITECTURES).sort(([a], [b]) => Number(b.startsWith('Bert')) - Number(a.startsWith('Bert')));

/** The families that are known. */
export const FAMILIES = [...new Set(MODELS.flatMap(([, { family }]) => family ?? []))];

/** Sizes by the names that every configuration takes. */
export const SIZES = {
  vocab_size: 13,
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  max_position_embeddings: 32,
  pad_token_id: 0,
};

/** A small configuration of a family. */
export const configFor = ({ Config }: Pick<Family, 'Config'>) =>
  Config === BertModel.family.Config ? config : new (Config as unknown as new (sizes: object) => PreTrainedConfig)(sizesFor(Config, SIZES));

/** Where tests may write. */
export const FOLDER = mkdtempSync(join(tmpdir(), 'exports-'));
export const configFile = join(FOLDER, 'config.json');
writeFileSync(configFile, config.to_json_string());
writeFileSync(join(FOLDER, 'model.safetensors'), checkpoint);
export const tokenizerObject = bertJson([...tokenizer.get_vocab().keys()]);
const fast = new PreTrainedTokenizerFast({ tokenizer_object: tokenizerObject, pad_token: '[PAD]' });
writeFileSync(join(FOLDER, 'tokenizer.json'), JSON.stringify(tokenizerObject));

/** Folders of models for texts, by what opens them. */
export const folderOf = (name: string): string => join(FOLDER, name);
await new BertForSequenceClassification(config.withFields({ num_labels: 1 }, 'a test')).save_pretrained(folderOf('pairs'));
await fast.save_pretrained(folderOf('pairs'));
await new SentenceEmbedder(config, { tokenizer: fast }).save_pretrained(folderOf('vectors'));
export const transformer = await SentenceTransformer.from_pretrained(folderOf('vectors'));
await new BertForMaskedLM(config).save_pretrained(folderOf('words'));
await fast.save_pretrained(folderOf('words'));
const weigher = await SparseEncoder.from_pretrained(folderOf('words'));
await new SentenceEmbedder(config, { tokenizer: fast, normalize: false }).save_pretrained(folderOf('tokens'));
writeFileSync(join(folderOf('tokens'), 'modules.json'), '[{"type":"sentence_transformers.models.Transformer","path":""}]');
writeFileSync(join(folderOf('tokens'), 'config_sentence_transformers.json'), '{"model_type":"MultiVectorEncoder"}');
const late = await MultiVectorEncoder.from_pretrained(folderOf('tokens'));
export const scorer = await CrossEncoder.from_pretrained(folderOf('pairs'));
const vectors = await VectorIndex.create();
await vectors.add(floats([3, 3]));
await vectors.save(join(FOLDER, 'vectors.safetensors'));
const classifier = await pipeline('text-classification', folderOf('pairs'));

/** An instance of each class, and of its subclasses that are not the same. */
export const INSTANCES: Readonly<Record<string, () => object>> = {
  Tensor: x,
  Parameter: () => new nn.Parameter([2], (values) => values.fill(1)),
  Linear: () => new nn.Linear(3, 2),
  Embedding: () => new nn.Embedding(4, 2),
  LayerNorm: () => new nn.LayerNorm(3),
  RMSNorm: () => new nn.RMSNorm(3),
  ReLU: () => new nn.ReLU(),
  SiLU: () => new nn.SiLU(),
  Tanh: () => new nn.Tanh(),
  Sigmoid: () => new nn.Sigmoid(),
  GELU: () => new nn.GELU(),
  Softmax: () => new nn.Softmax(),
  Dropout: () => new nn.Dropout(),
  Sequential: () => new nn.Sequential(new nn.Tanh()),
  ModuleList: () => new nn.ModuleList([new nn.Tanh()]),
  ...Object.fromEntries(FAMILIES.map(({ Config }) => [Config.name, () => configFor({ Config })])),
  ...Object.fromEntries(
    MODELS.map(([name, Model]) => {
      const { family = BertModel.family } = Model as ModelClass<PreTrainedModel>;
      const model = new (Model as ModelClass<PreTrainedModel>)(configFor(family));
      return [name, () => model];
    }),
  ),
  BertTokenizer: () => BertTokenizer.from_files(tokenizer.files()),
  PreTrainedTokenizerFast: () => fast,
  CrossEncoder: () => scorer,
  Pipeline: () => classifier,
  SentenceTransformer: () => transformer,
  SparseEncoder: () => weigher,
  MultiVectorEncoder: () => late,
  VectorIndex: () => vectors,
  TracedModule: () => traced,
  TracePool: () => pool,
  TraceletEmbeddings: () => new TraceletEmbeddings(transformer),
  TraceletRerank: () => new TraceletRerank(scorer),
  TraceletError: () => new TraceletError('value', { what: 'a thing' }),
  TracingCheckError: () => new jit.TracingCheckError({ what: 'a thing', expected: 'one', got: 'another' }),
};
