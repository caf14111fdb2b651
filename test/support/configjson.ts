/** A classifier's config.json as transformers writes it. */
export const CLASSIFIER = `{
  "add_cross_attention": false,
  "architectures": [
    "BertForSequenceClassification"
  ],
  "attention_probs_dropout_prob": 0.1,
  "bos_token_id": null,
  "classifier_dropout": null,
  "dtype": "float32",
  "eos_token_id": null,
  "hidden_act": "gelu_new",
  "hidden_dropout_prob": 0.1,
  "hidden_size": 48,
  "id2label": {
    "0": "no",
    "1": "maybe",
    "2": "yes"
  },
  "initializer_range": 0.02,
  "intermediate_size": 104,
  "is_decoder": false,
  "label2id": {
    "maybe": 1,
    "no": 0,
    "yes": 2
  },
  "layer_norm_eps": 1e-12,
  "max_position_embeddings": 64,
  "model_type": "bert",
  "num_attention_heads": 4,
  "num_hidden_layers": 2,
  "pad_token_id": 0,
  "pooler": {
    "a": [
      1,
      null
    ],
    "z": "kept"
  },
  "tie_word_embeddings": true,
  "transformers_version": "5.23.0",
  "type_vocab_size": 2,
  "use_cache": true,
  "vocab_size": 211
}
`;
