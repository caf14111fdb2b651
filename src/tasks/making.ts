import { TraceletError } from '../base/error.ts';
import { isUrl } from '../base/realm.ts';
import type { LoadOptions } from '../jit/load.ts';
import { trace } from '../jit/trace.ts';
import { type AutoOptions, AutoTokenizer } from '../models/auto.ts';
import { loadModel } from '../models/autoload.ts';
import type { WantedName } from '../models/foreign.ts';
import type { PreTrainedModel } from '../models/pretrained.ts';
import type { Chain } from '../models/sentence/chain.ts';
import { SentenceEmbedder } from '../models/sentence/embedder.ts';
import { CrossEncoderModel } from '../models/sentence/scorer.ts';
import { MASK, POOLING_MASK } from '../nn/inputs.ts';
import type { SourceOptions } from '../sources/folder.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { TracedModule } from '../traced/traced.ts';
import { dummyInputs } from './dummies.ts';
import type { Task } from './task.ts';

/** Options of making a trace of a model. */
export interface MakingOptions {
  /** How its files are found. */
  reading: SourceOptions;
  /** The dtype to keep weights in; that of the checkpoint unless given. */
  dtype?: WantedName;
  /** In place of the one beside the weights. */
  tokenizer?: PreTrainedTokenizerFast | string | URL;
  running: Pick<LoadOptions, 'kernels' | 'threads'>;
}

/** Most texts of a call, and most tokens of them together where all are as long as can be. */
const MOST_TEXTS = 64;
const MOST_TOKENS = 2 ** 19;
/** Tokens of the dummies. */
const SEQUENCE = 16;

/** The trace of a model with what a task needs, for texts of any length that it takes. */
export async function makeTrace(
  source: string | URL,
  { head }: Task,
  { reading, dtype, tokenizer: given, running }: MakingOptions,
): Promise<TracedModule> {
  const { model, tokenizer: own } = await opened(source, head, { ...reading, torchscript: true, ...(dtype && { dtype }) });
  const tokenizer = await tokenizerFor(given ?? own, reading);
  const [most, { input_names }] = [model.config.most_tokens(), model];
  const inputs = dummyInputs(model.config, input_names, tokenizer, { batch: 1, seq: Math.min(SEQUENCE, most) });
  if (input_names.includes(POOLING_MASK)) inputs[POOLING_MASK] = inputs[MASK];
  const batch = Math.max(2, Math.min(MOST_TEXTS, Math.floor(MOST_TOKENS / most)));
  const dynamic = { batch: [1, batch], sequence: [1, most] } as const;
  return trace(model, inputs, { ...running, dynamic, tokenizer, check_trace: false, signal: reading.signal });
}

interface ChainClass {
  from_pretrained(source: string | URL, options: AutoOptions): Promise<Chain>;
}

const CHAINS: Readonly<Record<string, ChainClass>> = { SentenceEmbedder, CrossEncoder: CrossEncoderModel };

interface Opened {
  model: PreTrainedModel;
  tokenizer: PreTrainedTokenizerFast | undefined;
}

async function opened(source: string | URL, head: string, options: AutoOptions): Promise<Opened> {
  if (Object.hasOwn(CHAINS, head)) {
    const model = await CHAINS[head].from_pretrained(source, options);
    return { model, tokenizer: model.tokenizer };
  }
  const { model, tokenizer } = await loadModel(source, options, head);
  return { model, tokenizer: await tokenizer() };
}

/** The tokenizer that was asked for, or that lies beside the weights. */
async function tokenizerFor(given: MakingOptions['tokenizer'], reading: SourceOptions): Promise<PreTrainedTokenizerFast> {
  if (typeof given === 'string' || isUrl(given)) return AutoTokenizer.from_pretrained(given, reading);
  if (given) return given;
  throw new TraceletError('source', {
    what: 'the tokenizer of the model',
    expected: 'one that runs here beside the weights',
    got: 'none',
    cure: 'Pass { tokenizer }, a tokenizer or where one lies',
  });
}
