/** One text of up to 128 tokens a call: `jit.load(minilm)` answers a string with its `sentence_embedding` [1, 384]. */
export declare const minilm: URL;
