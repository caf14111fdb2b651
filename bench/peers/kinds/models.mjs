/** A model of each kind of attention, with the sizes of one that people run, three of its layers and words enough for the texts. */
import * as models from '../../../dist/index.js';

/**
 * @typedef {object} Kind
 * @property {string} name as --kinds calls it
 * @property {string} attention
 * @property {string} title the model whose sizes it has
 * @property {readonly string[]} inputs
 * @property {() => any} make a model with weights from a seed
 */

const TEXT = ['input_ids', 'attention_mask'];
const LAYERS = 3;
const vocab_size = 30522;
const common = { vocab_size, num_hidden_layers: LAYERS, torchscript: true };
const base = { ...common, hidden_size: 768, num_attention_heads: 12, intermediate_size: 3072 };

/** @type {readonly Kind[]} */
export const KINDS = [
  {
    name: 'plain',
    attention: 'plain',
    title: 'BERT-base',
    inputs: TEXT,
    make: () => new models.BertModel(new models.BertConfig(base)),
  },
  {
    name: 'bias',
    attention: 'a bias by distance',
    title: 'mpnet-base',
    inputs: TEXT,
    make: () => new models.MPNetModel(new models.MPNetConfig({ ...base, max_position_embeddings: 514 })),
  },
  {
    name: 'rotary',
    attention: 'rotary, windows in two of three layers',
    title: 'ModernBERT-base',
    inputs: TEXT,
    make: () => new models.ModernBertModel(new models.ModernBertConfig({ ...base, intermediate_size: 1152, pad_token_id: 0 })),
  },
  {
    name: 'disentangled',
    attention: 'disentangled',
    title: 'deberta-v3-small',
    inputs: TEXT,
    make: () =>
      new models.DebertaV2Model(
        new models.DebertaV2Config({
          ...base,
          ...{ type_vocab_size: 0, position_biased_input: false, layer_norm_eps: 1e-7, relative_attention: true, position_buckets: 256 },
          ...{ norm_rel_ebd: 'layer_norm', share_att_key: true, pos_att_type: ['p2c', 'c2p'] },
        }),
      ),
  },
  {
    name: 'causal',
    attention: 'causal',
    title: 'gpt2',
    inputs: TEXT,
    make: () => new models.GPT2Model(new models.GPT2Config({ ...common, n_embd: 768, n_head: 12 })),
  },
  {
    name: 'grouped',
    attention: 'causal, rotary, heads of keys shared by two',
    title: 'Qwen3-0.6B',
    inputs: TEXT,
    make: () =>
      new models.Qwen3Model(
        new models.Qwen3Config({
          ...{ ...common, hidden_size: 1024, intermediate_size: 3072, rope_theta: 1e6 },
          ...{ num_attention_heads: 16, num_key_value_heads: 8, head_dim: 128 },
        }),
      ),
  },
  {
    name: 'cross',
    attention: 'cross, between an encoder and a decoder',
    title: 'bart-base',
    inputs: [...TEXT, 'decoder_input_ids'],
    make: () =>
      new models.BartModel(
        new models.BartConfig({
          ...{ vocab_size, torchscript: true, d_model: 768, encoder_layers: LAYERS, decoder_layers: LAYERS },
          ...{ encoder_attention_heads: 12, decoder_attention_heads: 12, encoder_ffn_dim: 3072, decoder_ffn_dim: 3072 },
        }),
      ),
  },
];
