import { TraceletError } from '../../base/error.ts';
import { readCheckpoint } from '../../formats/checkpoint.ts';
import { MASK } from '../../nn/inputs.ts';
import { Embedding } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import { type ModelOutput, modelOutput } from '../../nn/outputs.ts';
import { parseSentence, readSentenceFiles, type SentenceConfig, sentenceFiles } from '../../sentence/config.ts';
import { sentenceTokenizer } from '../../sentence/tokenizer.ts';
import { within } from '../../sources/folder.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { filesRead as tokenizerFiles } from '../../tokenizer/filesread.ts';
import type { PreTrainedTokenizerFast } from '../../tokenizer/index.ts';
import { readingIn } from '../configfile.ts';
import type { Home } from '../load.ts';
import { MOST_TOKENS } from './static.ts';

/**
 * The weight of each token of a text, which follows from the token alone, as `sentence_transformers`' SparseStaticEmbedding has them: (token_weights
 * [batch, sequence, 1]).
 */
export class SparseStaticEmbedder extends Module<[Tensor, Tensor?], ModelOutput> {
  embedding: Embedding;
  readonly input_names: readonly string[] = ['input_ids', MASK];
  readonly input_dtype = 'int32';
  readonly config = { most_tokens: () => MOST_TOKENS };
  readonly sentence: SentenceConfig;
  readonly tokenizer: PreTrainedTokenizerFast;

  constructor(sentence: SentenceConfig, tokenizer: PreTrainedTokenizerFast, words: number) {
    super();
    this.sentence = sentence;
    this.tokenizer = tokenizer;
    this.embedding = new Embedding(words, 1);
  }

  trace_files(): Record<string, string> {
    return { ...sentenceFiles(this.sentence), ...this.tokenizer.files() };
  }

  forward(ids: Tensor, _mask?: Tensor): ModelOutput {
    return modelOutput({ token_weights: this.embedding(ids) });
  }
}

/** The model of a folder that weighs words alone; undefined for others. Throws the errors of reading its files. */
export async function openSparseStatic(what: string, { folder, beside }: Home, options: object): Promise<SparseStaticEmbedder | undefined> {
  const files = await readSentenceFiles(beside.text, 'SparseEncoder');
  const sentence = files && parseSentence(files, 'SparseEncoder');
  if (!folder || sentence?.modules[0].type !== 'SparseStaticEmbedding') return undefined;
  const [{ path }] = sentence.modules;
  const { tensors } = await readCheckpoint({ folder: path ? within(folder, path) : folder }, readingIn(what, options));
  const found = await tokenizerFiles((name) => beside.bytes(path ? `${path}/${name}` : name));
  if (!found) throw new TraceletError('source', { what: folder.at(path), expected: 'a tokenizer', got: 'none' });
  const tokenizer = sentenceTokenizer(found, sentence);
  const weight = tensors.get('weight');
  if (weight?.shape.length !== 1 || weight.dtype !== 'float32' || weight.shape[0] !== tokenizer.length)
    throw new TraceletError('checkpoint', {
      what: `${folder.at(path)}: weight`,
      expected: `floats [${tokenizer.length}], one for each token`,
      got: weight ? `${weight.dtype} [${weight.shape}]` : 'none',
    });
  const model = new SparseStaticEmbedder(sentence, tokenizer, weight.shape[0]);
  model.embedding.weight.adopt(weight.elements as Float32Array);
  return model;
}
