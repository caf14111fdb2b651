import type { BertConfig } from '../config.ts';
import { TraceletError } from '../error.ts';
import { FLAG, oneOf } from '../field.ts';
import * as F from '../functional.ts';
import { parseObject } from '../json.ts';
import { type ModelOutput, modelOutput } from '../trace/outputs.ts';
import { BertModel } from './bert.ts';
import { type ModelInputs, PreTrainedModel, type ReadBeside } from './pretrained.ts';

export type Pooling = 'mean' | 'cls';

const POOLING = '1_Pooling/config.json';
const MODULES = 'modules.json';
/** The switch of sentence-transformers for each kind of pooling. */
const MODES: Readonly<Record<string, Pooling>> = { pooling_mode_mean_tokens: 'mean', pooling_mode_cls_token: 'cls' };

/**
 * One vector a text, as `sentence_transformers.SentenceTransformer`: the tokens' mean, or the first token, scaled to length
 * 1 unless `normalize` is false. Loaded from a directory or trace, modules.json and 1_Pooling/config.json decide.
 * Answers (sentence_embedding [batch, hidden], last_hidden_state, pooler_output).
 */
export class SentenceEmbedder extends PreTrainedModel {
  bert: BertModel;
  readonly pooling: Pooling;
  readonly normalize: boolean;
  static override readonly OPTIONS: typeof PreTrainedModel.OPTIONS = {
    ...PreTrainedModel.OPTIONS,
    pooling: oneOf(['mean', 'cls']),
    normalize: FLAG,
  };

  constructor(config: BertConfig, options: { seed?: number; pooling?: Pooling; normalize?: boolean } = {}) {
    super(config, options);
    this.bert = new BertModel(config);
    this.pooling = options.pooling ?? 'mean';
    this.normalize = options.normalize ?? true;
    this.post_init(options.seed);
  }

  static override async options_beside(read: ReadBeside): Promise<{ pooling: Pooling; normalize: boolean }> {
    const [pooling, modules] = [await read(POOLING), await read(MODULES)];
    return {
      pooling: pooling === undefined ? 'mean' : poolingOf(pooling),
      normalize: modules === undefined || modules.includes('Normalize'),
    };
  }

  override trace_files(): Record<string, string> {
    const mode = Object.keys(MODES).find((name) => MODES[name] === this.pooling) as string;
    const parts = ['Transformer', 'Pooling', ...(this.normalize ? ['Normalize'] : [])];
    return {
      ...super.trace_files(),
      [POOLING]: JSON.stringify({ word_embedding_dimension: this.config.hidden_size, [mode]: true }),
      [MODULES]: JSON.stringify(parts.map((part, idx) => ({ idx, name: String(idx), type: `sentence_transformers.models.${part}` }))),
    };
  }

  forward(...inputs: ModelInputs): ModelOutput {
    const { last_hidden_state, pooler_output } = this.bert(...inputs);
    const pooled = this.pooling === 'mean' ? F.mean_pool(last_hidden_state, inputs[2]) : F.select(last_hidden_state, 1, 0);
    return modelOutput({ sentence_embedding: this.normalize ? F.normalize(pooled) : pooled, last_hidden_state, pooler_output });
  }
}

/** The pooling that a 1_Pooling/config.json asks for. */
function poolingOf(json: string): Pooling {
  const on = Object.entries(parseObject(json, POOLING)).flatMap(([name, value]) =>
    name.startsWith('pooling_mode_') && value === true ? [name] : [],
  );
  const pooling = on.length === 1 ? MODES[on[0]] : undefined;
  if (pooling) return pooling;
  throw new TraceletError('config', {
    what: POOLING,
    expected: `one of ${Object.keys(MODES).join(', ')} alone`,
    got: on.join(', ') || 'none',
  });
}
