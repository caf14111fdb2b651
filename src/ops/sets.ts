/** Ops that only some models need, by the set that brings their rows and kernels. */
export const SETS = {
  /** Of families beside BERT's. */
  families: [
    ...['relative_attention', 'relative_attention_weights', 'cross_attention', 'cross_attention_weights'],
    ...['positional_attention', 'positional_attention_weights', 'disentangled_attention', 'disentangled_attention_weights'],
    ...['neighbours', 'rotations', 'rotary', 'rms_norm'],
  ],
  /** Over weights of 16 bits. */
  halves: ['embedding_bf16', 'embedding_f16', 'linear_bf16', 'linear_f16'],
  /** Of tensor programs of any kind. */
  general: [
    ...['binary', 'compare', 'compare_i32', 'where', 'unary', 'to_float32', 'to_int32', 'reduce', 'cumsum', 'expand', 'gather', 'topk'],
  ],
} as const satisfies Record<string, readonly string[]>;

export type SetName = keyof typeof SETS;
export type OpOf<Name extends SetName> = (typeof SETS)[Name][number];
export type SetOp = OpOf<SetName>;

/** The set of each of these ops. */
export const SET_OPS: ReadonlyMap<string, SetName> = new Map(
  (Object.keys(SETS) as SetName[]).flatMap((set) => SETS[set].map((name) => [name, set] as const)),
);
