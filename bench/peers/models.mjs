/** The models that are measured: their dimensions, and the files that set-up lays out for each. */
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Model
 * @property {string} name as tables and --models call it
 * @property {string} title
 * @property {object} config what config.json says
 */

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** @param {number} hidden_size @param {number} num_hidden_layers @param {number} intermediate_size */
const bert = (hidden_size, num_hidden_layers, intermediate_size) => ({
  architectures: ['BertModel'],
  model_type: 'bert',
  attention_probs_dropout_prob: 0.1,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  hidden_size,
  initializer_range: 0.02,
  intermediate_size,
  layer_norm_eps: 1e-12,
  max_position_embeddings: 512,
  num_attention_heads: 12,
  num_hidden_layers,
  pad_token_id: 0,
  type_vocab_size: 2,
  vocab_size: 30522,
});

/** @type {readonly Model[]} */
export const MODELS = [
  { name: 'minilm', title: 'MiniLM-L6', config: bert(384, 6, 1536) },
  { name: 'bert-base', title: 'BERT-base', config: bert(768, 12, 3072) },
];

/** Where the models lie, each in a folder of its name, as transformers.js expects it. */
export const MODELS_FOLDER = `${HERE}models`;

/** Where set-up installs Python packages. */
export const VENV = `${HERE}.venv`;

/**
 * The files of a model. Graph and checkpoint share a folder because weights beside a graph may not be links.
 * @param {string} name
 */
export function filesOf(name) {
  const home = `${MODELS_FOLDER}/${name}`;
  return {
    home,
    checkpoint: `${home}/onnx`,
    weights: `${home}/onnx/model.safetensors`,
    graph: `${home}/onnx/model.onnx`,
    quantisedGraph: `${home}/onnx/model_quantized.onnx`,
    givenGraph: `${HERE}graphs/${name}.onnx`,
    layout: `${HERE}graphs/${name}.layout.json`,
  };
}
