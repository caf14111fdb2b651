import { TraceletError } from '../../base/error.ts';
import { readCheckpoint } from '../../formats/checkpoint.ts';
import * as F from '../../nn/functional.ts';
import { MASK } from '../../nn/inputs.ts';
import { Embedding } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import { type ModelOutput, modelOutput } from '../../nn/outputs.ts';
import { parseSentence, readSentenceFiles, type SentenceConfig, sentenceFiles } from '../../sentence/config.ts';
import type { Feature } from '../../sentence/modules.ts';
import { sentenceTokenizer } from '../../sentence/tokenizer.ts';
import { type Folder, within } from '../../sources/folder.ts';
import { sameShape, type Tensor } from '../../tensor/tensor.ts';
import { filesRead as tokenizerFiles } from '../../tokenizer/filesread.ts';
import type { PreTrainedTokenizerFast } from '../../tokenizer/index.ts';
import { readingIn } from '../configfile.ts';
import type { Home } from '../load.ts';
import { Parts } from './chain.ts';
import { makeParts } from './parts.ts';

/** Most tokens of a text, of which sentence-transformers takes any number here. */
export const MOST_TOKENS = 1 << 16;

/** The mean of a vector for each token, which follows from the token alone, as `sentence_transformers.models.StaticEmbedding`. */
export class StaticEmbedder extends Module<[Tensor, Tensor?], ModelOutput> {
  embedding: Embedding;
  modules: Parts;
  readonly input_names: readonly string[] = ['input_ids', MASK];
  readonly input_dtype = 'int32';
  readonly config = { most_tokens: () => MOST_TOKENS };
  readonly sentence: SentenceConfig;
  readonly tokenizer: PreTrainedTokenizerFast;

  constructor(sentence: SentenceConfig, tokenizer: PreTrainedTokenizerFast, [rows, width]: readonly number[]) {
    super();
    this.sentence = sentence;
    this.tokenizer = tokenizer;
    this.embedding = new Embedding(rows, width);
    this.modules = new Parts(makeParts(sentence, { sentence_embedding: width }));
  }

  trace_files(): Record<string, string> {
    return { ...sentenceFiles(this.sentence), ...this.tokenizer.files() };
  }

  forward(ids: Tensor, mask?: Tensor): ModelOutput {
    const features: Partial<Record<Feature, Tensor>> = { sentence_embedding: F.mean_pool(this.embedding(ids), mask) };
    for (const part of this.modules) {
      const { input, output } = part.wiring;
      features[output] = part(features[input] as Tensor, { attention: mask, pooling: mask });
    }
    return modelOutput({ sentence_embedding: features.sentence_embedding });
  }
}

/** The model of a folder that begins with a StaticEmbedding; undefined for others. Throws the errors of reading its files. */
export async function openStatic(what: string, { folder, beside }: Home, options: object): Promise<StaticEmbedder | undefined> {
  const reading = readingIn(what, options);
  const files = await readSentenceFiles(beside.text);
  const sentence = files && parseSentence(files, 'SentenceTransformer');
  if (!folder || sentence?.modules[0].type !== 'StaticEmbedding') return undefined;
  const [{ path }] = sentence.modules;
  const { tensors } = await readCheckpoint({ folder: inside(folder, path) }, reading);
  const weight = tensors.get('embedding.weight') ?? tensors.get('embeddings');
  if (weight?.shape.length !== 2 || weight.dtype !== 'float32')
    throw new TraceletError('checkpoint', {
      what: `${folder.at(path)}: embedding.weight`,
      expected: 'floats [tokens, width]',
      got: weight ? `${weight.dtype} [${weight.shape}]` : 'none',
    });
  const found = await tokenizerFiles(async (name) =>
    name === 'tokenizer.json' ? beside.bytes(path ? `${path}/${name}` : name) : undefined,
  );
  if (!found) throw new TraceletError('source', { what: folder.at(path), expected: 'a tokenizer.json', got: 'none' });
  const model = new StaticEmbedder(sentence, sentenceTokenizer(found, sentence), weight.shape);
  model.embedding.weight.adopt(weight.elements as Float32Array);
  await fillParts(model, folder, reading);
  return model;
}

const inside = (folder: Folder, path: string): Folder => (path ? within(folder, path) : folder);

/** Gives the modules behind the first their weights. */
async function fillParts({ modules, sentence }: StaticEmbedder, folder: Folder, reading: ReturnType<typeof readingIn>): Promise<void> {
  for (const [i, part] of [...modules].entries()) {
    const parameters = [...part.named_parameters()];
    if (parameters.length === 0) continue;
    const { tensors, name: from } = await readCheckpoint({ folder: inside(folder, sentence.modules[i + 1].path) }, reading);
    for (const [name, parameter] of parameters) {
      const stored = tensors.get(name);
      if (!stored || !sameShape(stored.shape, parameter.shape) || stored.dtype !== 'float32')
        throw new TraceletError('checkpoint', {
          what: `${name} in ${from}`,
          expected: `floats [${parameter.shape}]`,
          got: stored ? `${stored.dtype} [${stored.shape}]` : 'none',
        });
      parameter.adopt(stored.elements as Float32Array);
    }
  }
}
