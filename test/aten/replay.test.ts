import { describe, expect, test } from 'vitest';
import * as jit from '../../src/jit/index.ts';
import * as F from '../../src/nn/functional.ts';
import { Embedding, Linear } from '../../src/nn/layers.ts';
import { Module } from '../../src/nn/module.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { floats, whole } from '../support/atenprograms.ts';

/** Modules that spell out what an op says: their traces hold that op. */

const [HEADS, DIM] = [2, 4];
const WIDTH = HEADS * DIM;

/** A layer as somebody writes it who knows of no op but the first ones. */
class Spelled extends Module<[Tensor, Tensor], Tensor> {
  words = new Embedding(17, WIDTH, { seed: 1 });
  query = new Linear(WIDTH, WIDTH, { seed: 2 });
  key = new Linear(WIDTH, WIDTH, { seed: 3 });
  value = new Linear(WIDTH, WIDTH, { seed: 4 });
  out = new Linear(WIDTH, WIDTH, { seed: 5 });
  weight = new Parameter(floats([WIDTH], 6));
  bias = new Parameter(floats([WIDTH], 7));
  readonly #miss: boolean;

  constructor(miss = false) {
    super();
    this.#miss = miss;
  }

  forward(input_ids: Tensor, attention_mask: Tensor): Tensor {
    const x = this.words(input_ids);
    const [batch, sequence] = x.shape;
    const heads = (y: Tensor): Tensor => F.permute(y.reshape([batch, sequence, HEADS, DIM]), [0, 2, 1, 3]);
    const [q, k, v] = [this.query(x), this.key(x), this.value(x)].map(heads);
    const scores = F.div(F.matmul(q, F.transpose(k, 2, 3)), Math.sqrt(DIM));
    const shape = this.#miss ? [batch, 1, sequence, 1] : [batch, 1, 1, sequence];
    const added = F.mul(F.sub(1, attention_mask.reshape(shape)), -1e4);
    const context = F.matmul(F.softmax(F.add(scores, added), -1), v);
    const attended = this.out(F.permute(context, [0, 2, 1, 3]).reshape([batch, sequence, WIDTH]));
    return this.normed(F.add(attended, x));
  }

  normed(x: Tensor): Tensor {
    const centred = F.sub(x, F.mean(x, -1, true));
    const variance = F.mean(F.mul(centred, centred), -1, true);
    return F.add(F.mul(F.div(centred, F.sqrt(F.add(variance, 1e-5))), this.weight), this.bias);
  }
}

const inputs = (batch: number, sequence: number): [Tensor, Tensor] => [
  whole(
    [batch, sequence],
    Array.from({ length: batch * sequence }, (_, i) => (7 * i) % 17),
  ),
  whole(
    [batch, sequence],
    Array.from({ length: batch * sequence }, (_, i) => Number(i % sequence < sequence - Math.floor(i / sequence))),
  ),
];

const opsOf = (traced: { graph: string }): string[] => [...String(traced.graph).matchAll(/ = (\w+)\(/g)].map(([, op]) => op);
const worst = (a: Tensor, b: Tensor, mask?: Tensor): number =>
  Array.from(a.data as Float32Array).reduce((most, value, i) => {
    const counts = !mask || (mask.data as Int32Array)[Math.floor(i / WIDTH)] === 1;
    return counts ? Math.max(most, Math.abs(value - (b.data as Float32Array)[i])) : most;
  }, 0);

describe('a module that spells attention and its norm out', () => {
  test('has both as one op each in its trace, and is right', async () => {
    const model = new Spelled();
    const traced = await jit.trace(model, inputs(2, 5), { exact_padding: true } as never);
    expect(opsOf(traced as never)).toEqual(['embedding', 'linear', 'attention_qkv', 'linear', 'add_layer_norm']);
    const [answer] = [(traced as unknown as (...given: Tensor[]) => Tensor)(...inputs(2, 5))].flat();
    expect(worst(answer as Tensor, model(...inputs(2, 5)))).toBeLessThan(1e-5);
  });

  test('runs without padding and at any size', async () => {
    const model = new Spelled();
    const names = { input_ids: inputs(2, 5)[0], attention_mask: inputs(2, 5)[1] };
    const traced = await jit.trace(model, names as never, { dynamic: { batch: [1, 4], sequence: [1, 8] } } as never);
    for (const [batch, sequence] of [
      [1, 1],
      [3, 8],
    ]) {
      const given = inputs(batch, sequence);
      const [answer] = [(traced as unknown as (...given: Tensor[]) => Tensor)(...given)].flat();
      expect(worst(answer as Tensor, model(...given), given[1])).toBeLessThan(1e-5);
    }
  });

  test('keeps its ops where it means something else', async () => {
    const model = new Spelled(true);
    const traced = await jit.trace(model, inputs(2, 5), { exact_padding: true } as never);
    const ops = opsOf(traced as never);
    expect(ops).toContain('softmax');
    expect(ops).toContain('add_layer_norm');
    const [answer] = [(traced as unknown as (...given: Tensor[]) => Tensor)(...inputs(2, 5))].flat();
    expect(worst(answer as Tensor, model(...inputs(2, 5)))).toBeLessThan(1e-5);
  });

  test('keeps its ops where nothing may be fused', async () => {
    const traced = await jit.trace(new Spelled(), inputs(2, 5), { exact_padding: true, fusion: false } as never);
    expect(opsOf(traced as never)).toContain('softmax');
  });
});
