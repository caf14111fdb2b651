/**
 * The model that comes with the package: all-MiniLM-L6-v2, one text of up to 128 tokens a call, int8 weights, with
 * tokenizer, pooling and normalisation inside. `jit.load(defaultModel)` answers a string with its `sentence_embedding` [1, 384].
 */
export const defaultModel: URL = new URL('../../models/all-MiniLM-L6-v2/model.tracelet', import.meta.url);
