const TOP = 5;

/** The likeliest words for each mask of `text`. */
export function fill(traced, text) {
  const { tokenizer } = traced;
  const inputs = traced.encode(text);
  const { logits } = traced(inputs);
  const [, , vocabulary] = logits.shape;
  const masks = [...inputs.input_ids.data].flatMap((id, at) => (id === tokenizer.mask_token_id ? [at] : []));
  return masks.map((at) => {
    const scores = logits.data.subarray(at * vocabulary, (at + 1) * vocabulary);
    const peak = scores.reduce((a, b) => Math.max(a, b));
    const total = scores.reduce((sum, score) => sum + Math.exp(score - peak), 0);
    const best = Array.from(scores, (score, id) => ({ id, probability: Math.exp(score - peak) / total }));
    best.sort((a, b) => b.probability - a.probability);
    return best.slice(0, TOP).map(({ id, probability }) => ({ token: tokenizer.convert_ids_to_tokens(id), probability }));
  });
}
