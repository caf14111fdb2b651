import type { Tensor } from '../../src/index.ts';

/** What a decoder of Llama's kin computes, in f64 and by definition: one token, head and number after the other. */

/** What its configuration says, in plain words. */
export interface Decoder {
  weights: ReadonlyMap<string, Tensor>;
  layers: number;
  heads: number;
  key_heads: number;
  head_dim: number;
  eps: number;
  activation(x: number): number;
  /** What norms add to their weights. */
  offset: number;
  embedding_scale: number;
  score_scale: number;
  /** Whether the token at `key` may be seen from that at `query` in a layer. */
  sees(layer: number, query: number, key: number): boolean;
  /** By how much one place turns pair `i` in a layer, and what cosines and sines are multiplied by. */
  turn(layer: number, i: number): number;
  turn_scale: number;
}

type Vector = number[];

const sum = (values: Vector): number => values.reduce((total, value) => total + value, 0);
const plus = (a: Vector, b: Vector): Vector => a.map((value, i) => value + b[i]);

/** Hidden states [sequence][hidden] of one text behind the last norm. */
export function hiddenOf(decoder: Decoder, ids: readonly number[]): Vector[] {
  const { weights, layers, heads, key_heads, head_dim, eps, offset } = decoder;
  const at = (name: string): Vector | undefined => {
    const tensor = weights.get(name);
    return tensor && Array.from(tensor.data, Number);
  };
  const linear = (name: string) => {
    const [matrix, bias] = [at(`${name}.weight`) as Vector, at(`${name}.bias`)];
    return (x: Vector): Vector =>
      Array.from(
        { length: matrix.length / x.length },
        (_, o) => sum(x.map((value, i) => value * matrix[o * x.length + i])) + (bias?.[o] ?? 0),
      );
  };
  const norm = (name: string): ((x: Vector) => Vector) => {
    const weight = at(`${name}.weight`);
    if (!weight) return (x) => x;
    return (x) => {
      const root = Math.sqrt(sum(x.map((value) => value * value)) / x.length + eps);
      return x.map((value, i) => (value / root) * (offset + weight[i]));
    };
  };
  const headsOf = (x: Vector): Vector[] => Array.from({ length: x.length / head_dim }, (_, h) => x.slice(h * head_dim, (h + 1) * head_dim));
  const turned = (x: Vector, layer: number, place: number): Vector => {
    const half = head_dim / 2;
    const [cos, sin] = [Math.cos, Math.sin].map((f) => (i: number) => f(place * decoder.turn(layer, i)) * decoder.turn_scale);
    return x.map((value, i) => (i < half ? value * cos(i) - x[i + half] * sin(i) : value * cos(i - half) + x[i - half] * sin(i - half)));
  };
  const attended = (layer: number, states: Vector[]): Vector[] => {
    const name = `layers.${layer}.self_attn`;
    const [q, k] = ['q', 'k'].map((of) =>
      states.map((x, place) =>
        headsOf(linear(`${name}.${of}_proj`)(x)).map((head) => turned(norm(`${name}.${of}_norm`)(head), layer, place)),
      ),
    );
    const v = states.map((x) => headsOf(linear(`${name}.v_proj`)(x)));
    return states.map((_, query) => {
      const result = Array.from({ length: heads }, (_, h) => {
        const shared = Math.floor((h * key_heads) / heads);
        const seen = states.flatMap((_, key) => (decoder.sees(layer, query, key) ? [key] : []));
        const scores = seen.map((key) => sum(q[query][h].map((value, i) => value * k[key][shared][i])) * decoder.score_scale);
        const shares = scores.map((score) => Math.exp(score - Math.max(...scores)));
        return v[0][0].map((_, i) => sum(seen.map((key, j) => (shares[j] / sum(shares)) * v[key][shared][i])));
      });
      return linear(`${name}.o_proj`)(result.flat());
    });
  };
  const gated = (layer: number, x: Vector): Vector => {
    const name = `layers.${layer}.mlp`;
    const [gate, up] = ['gate', 'up'].map((of) => linear(`${name}.${of}_proj`)(x));
    return linear(`${name}.down_proj`)(gate.map((value, i) => decoder.activation(value) * up[i]));
  };
  const words = at('embed_tokens.weight') as Vector;
  const width = words.length / (weights.get('embed_tokens.weight') as Tensor).shape[0];
  let states = ids.map((id) => words.slice(id * width, (id + 1) * width).map((value) => value * decoder.embedding_scale));
  for (let layer = 0; layer < layers; layer++) {
    const of = (part: string) => norm(`layers.${layer}.${part}_layernorm`);
    const isSandwiched = weights.has(`layers.${layer}.pre_feedforward_layernorm.weight`);
    const [behind, before] = isSandwiched ? [of('post_attention'), of('pre_feedforward')] : [(x: Vector) => x, of('post_attention')];
    const results = attended(layer, states.map(of('input'))).map(behind);
    states = states.map((x, i) => plus(x, results[i]));
    states = states.map((x) => plus(x, of('post_feedforward')(gated(layer, before(x)))));
  }
  return states.map(norm('norm'));
}
