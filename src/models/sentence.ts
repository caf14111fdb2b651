import { platform } from '#platform';
import type { CheckpointSource } from '../checkpoint.ts';
import type { BertConfig } from '../config.ts';
import { TraceletError } from '../error.ts';
import * as F from '../functional.ts';
import { parseObject } from '../json.ts';
import { type ModelOutput, modelOutput } from '../trace/outputs.ts';
import { BertModel } from './bert.ts';
import { type ModelInputs, PreTrainedModel } from './pretrained.ts';

export type Pooling = 'mean' | 'cls';

/**
 * One vector a text, as `sentence_transformers.SentenceTransformer`: the tokens' mean (or the first token), scaled to
 * length 1; `1_Pooling/config.json` beside the checkpoint decides. Answers (sentence_embedding [batch, hidden], last_hidden_state, pooler_output).
 */
export class SentenceEmbedder extends PreTrainedModel {
  bert: BertModel;
  readonly pooling: Pooling;

  constructor(config: BertConfig, options: { seed?: number; pooling?: Pooling } = {}) {
    super(config);
    this.bert = new BertModel(config);
    this.pooling = options.pooling ?? 'mean';
    this.post_init(options.seed);
  }

  static override async options_beside(source: CheckpointSource): Promise<{ pooling: Pooling }> {
    return { pooling: typeof source === 'string' ? await poolingOf(source) : 'mean' };
  }

  forward(...inputs: ModelInputs): ModelOutput {
    const { last_hidden_state, pooler_output } = this.bert(...inputs);
    const pooled = this.pooling === 'mean' ? F.mean_pool(last_hidden_state, inputs[2]) : F.select(last_hidden_state, 1, 0);
    return modelOutput({ sentence_embedding: F.normalize(pooled), last_hidden_state, pooler_output });
  }
}

/** The pooling that a sentence-transformers directory asks for. */
async function poolingOf(directory: string): Promise<Pooling> {
  const path = `${directory}/1_Pooling/config.json`;
  if (/\.\w+$/.test(directory) || !(await platform.exists(path))) return 'mean';
  const modes = Object.entries(parseObject(await platform.readText(path), path)).filter(
    ([name, on]) => name.startsWith('pooling_mode_') && on === true,
  );
  const [[mode] = ['none']] = modes;
  if (modes.length === 1 && mode === 'pooling_mode_mean_tokens') return 'mean';
  if (modes.length === 1 && mode === 'pooling_mode_cls_token') return 'cls';
  throw new TraceletError('config', {
    what: path,
    expected: 'pooling_mode_mean_tokens or pooling_mode_cls_token alone',
    got: modes.map(([name]) => name).join(', ') || 'none',
  });
}
