import { type BertConfig, BertModel, F, nn, PreTrainedModel, type Tensor } from '../../src/index.ts';
import type { Family, Fused } from '../../src/models/family.ts';
import type { AnyModelClass } from '../../src/models/index.ts';
import type { ModelInputs } from '../../src/models/pretrained.ts';
import { type ModelOutput, modelOutput } from '../../src/nn/outputs.ts';
import { tinyConfig } from './tiny.ts';

export const config = tinyConfig({ num_hidden_layers: 2, num_attention_heads: 4, intermediate_size: 24 });
export const [HIDDEN, INNER, HEADS] = [config.hidden_size, config.intermediate_size, config.num_attention_heads];

export const QKV: Fused = { whole: 'attn.Wqkv', parts: ['self_attn.q', 'self_attn.k', 'self_attn.v'] };
export const GLU: Fused = { whole: 'mlp.gate_up', parts: ['mlp.gate.weight', 'mlp.up.weight'] };
const familyOf = (fused: readonly Fused[]): Family => ({
  ...BertModel.family,
  prefix: 'base',
  parts: [],
  rename: (name) => name.replace(/^base\./, '').replace('encoder.layers.', 'layers.'),
  fused,
});

/** A layer whose weights are apart. */
export class Apart extends nn.Module<[Tensor], Tensor> {
  self_attn: nn.Module & Record<'q' | 'k' | 'v', nn.Linear>;
  mlp: nn.Module & Record<'gate' | 'up', nn.Linear>;
  constructor(kv = HIDDEN) {
    super();
    const [q, k, v] = [HIDDEN, kv, kv].map((size) => new nn.Linear(HIDDEN, size));
    this.self_attn = holding({ q, k, v });
    const [gate, up] = [0, 1].map(() => new nn.Linear(HIDDEN, INNER, { bias: false }));
    this.mlp = holding({ gate, up });
  }
  forward(x: Tensor): Tensor {
    const { q, k, v } = this.self_attn;
    const y = F.attention(q(x), k(x), v(x), { heads: HEADS });
    return F.mul(F.silu(this.mlp.gate(y)), this.mlp.up(y));
  }
}

/** The same with those in one that can be. */
export class Together extends nn.Module<[Tensor], Tensor> {
  attn: nn.Module & { Wqkv: nn.Linear };
  mlp: nn.Module & { gate_up: nn.Parameter };
  constructor(rows = 3 * HIDDEN) {
    super();
    this.attn = holding({ Wqkv: new nn.Linear(HIDDEN, rows) });
    this.mlp = holding({ gate_up: new nn.Parameter([2 * INNER, HIDDEN], (values) => values.fill(0.5)) });
  }
  forward(x: Tensor): Tensor {
    const all = this.attn.Wqkv(x);
    const [q, k, v] = [0, 1, 2].map((i) => F.narrow(all, 2, i * HIDDEN, HIDDEN));
    const both = F.linear(F.attention(q, k, v, { heads: HEADS }), this.mlp.gate_up);
    return F.mul(F.silu(F.narrow(both, 2, 0, INNER)), F.narrow(both, 2, INNER, INNER));
  }
}

class Holder extends nn.Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}
const holding = <T extends object>(parts: T): nn.Module & T => Object.assign(new Holder(), parts) as never;

/** A model whose layers are of a kind. Each answers alone, so that they need not fit one another. */
export function modelOf(Layer: new () => nn.Module<[Tensor], Tensor>, fused: readonly Fused[]): AnyModelClass {
  return class Made extends PreTrainedModel {
    static override readonly family = familyOf(fused);
    embeddings: nn.Module & { word_embeddings: nn.Embedding };
    layers: nn.ModuleList<nn.Module<[Tensor], Tensor>>;
    constructor(given: BertConfig, options: { seed?: number } = {}) {
      super(given, options);
      this.embeddings = holding({ word_embeddings: new nn.Embedding(given.vocab_size, HIDDEN) });
      this.layers = new nn.ModuleList(Array.from({ length: given.num_hidden_layers }, () => new Layer()));
      this.post_init(options.seed);
    }
    forward(...inputs: ModelInputs): ModelOutput {
      const [input_ids] = this.taken(inputs);
      const x = this.embeddings.word_embeddings(input_ids);
      return modelOutput(Object.fromEntries([...this.layers].map((layer, i) => [`layer_${i}`, layer(x)])));
    }
  };
}
